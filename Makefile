# The engine's commands; `make` alone lists them. docs/operations/running.md says more.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON_OF_VENV := .venv/bin/python
PREPARE := bash clinical_engine/running/prepare.sh
EXEC := $(PYTHON_OF_VENV) -m clinical_engine.running exec
# In three processes, each with servers of its own: many tests wait for others. A file stays together, for what it has built;
# which one begins first, tests/conftest.py says.
ALL_TESTS := -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: help run test check lint types contracts project format openapi bench faults psql clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/run.stamp ## start everything and keep it running (PORT=8000, DATABASE_URL=, REDIS_URL=)
	@$(PYTHON_OF_VENV) -m clinical_engine.running up

test: .venv/dev.stamp ## run the tests (ARGS='-k name')
	@chromium=$$($(PREPARE) chromium) && libfaketime=$$($(PREPARE) libfaketime) && \
		CHROMIUM="$$chromium" LIBFAKETIME="$$libfaketime" exec $(PYTHON_OF_VENV) -m pytest $(or $(ARGS),$(ALL_TESTS))

check: lint types contracts project ## lint, types, layers, migrations, settings, API description

lint: .venv/dev.stamp
	@echo '== style'
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

types: .venv/dev.stamp
	@echo '== types'
	@CLINICAL_ENGINE_MODE=development SECRET_KEY=types DATABASE_URL=postgres://localhost/types \
		REDIS_URL=redis://localhost .venv/bin/mypy .

contracts: .venv/dev.stamp
	@echo '== layers'
	@.venv/bin/lint-imports

project: .venv/dev.stamp
	@echo '== project'
	@$(EXEC) -- $(PREPARE) check-project

format: .venv/dev.stamp ## rewrite the code in the project's style
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

openapi: .venv/dev.stamp ## write docs/openapi.yaml anew; read its diff
	@$(EXEC) -- $(PYTHON_OF_VENV) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

bench: .venv/dev.stamp ## measure (ONLY=main, ONLY=intake.flat); results in var/bench/
	@N_PLUS_ONE_FAILS=0 $(EXEC) -- $(PYTHON_OF_VENV) -m tests.benchmarks $(ONLY)

# Its own servers are named by the suite itself; the variables only let the settings load.
faults: .venv/dev.stamp ## break everything under load (ONLY=redis_hung); results in docs/faults.md
	@libfaketime=$$($(PREPARE) libfaketime) && LIBFAKETIME="$$libfaketime" CLINICAL_ENGINE_MODE=development \
		DJANGO_SETTINGS_MODULE=clinical_engine.settings SECRET_KEY=faults DATABASE_URL=postgres://localhost/faults \
		REDIS_URL=redis://localhost exec $(PYTHON_OF_VENV) -m tests.faults $(ONLY)

psql: .venv/run.stamp ## open the database of a running engine, as the app's role
	@$(PYTHON_OF_VENV) -m clinical_engine.running psql

clean: ## remove var/ (all data of `make run`) and the caches; .venv stays
	@$(PREPARE) clean

.venv/run.stamp: requirements.txt
	@$(PREPARE) venv $< $@

.venv/dev.stamp: requirements-dev.txt requirements.txt
	@$(PREPARE) venv $< $@
