#!/usr/bin/env bash
# What the Makefile needs before there is a Python environment, and what is shorter in a shell. One word says which.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "Cannot go on: $*"
  exit 1
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
install_system_package() {
  say "Installing the system package $1"
  apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >&2
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3.11 python3.12 python3.13 python3.14; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "Python 3.11 or newer is needed and ${PYTHON:-python3} is $("${PYTHON:-python3}" -V 2>&1 | tail -n 1): install it, or name it with PYTHON=."
}

# venv REQUIREMENTS STAMP: .venv with what the file lists; the stamp tells make that it is done.
venv() {
  local python output
  if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python)
    say "Creating .venv with $("$python" -V)"
    # Debian's Python cannot make one until this package is there.
    "$python" -c 'import ensurepip, venv' 2>/dev/null || { may_install && install_system_package python3-venv; } ||
      fail "$python cannot create virtual environments: install its venv module (on Debian: apt-get install python3-venv)."
    "$python" -m venv --clear .venv
  fi
  say "Installing the packages of $1"
  .venv/bin/python -m pip install --disable-pip-version-check --no-warn-script-location --root-user-action ignore -r "$1" |
    { grep --line-buffered -v '^Requirement already satisfied' || true; }
  touch "$2"
}

# chromium: prints the browser for the tests.
chromium() {
  local candidate
  for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$candidate" ] && type -P "$candidate"; then return; fi
  done
  if may_install && install_system_package chromium && type -P chromium; then return; fi
  fail "the tests drive the admin in Chromium and there is none: install it, or name it with CHROMIUM=."
}

# libfaketime: prints the library that tells a process another time, for the tests.
libfaketime() {
  if find_libfaketime; then return; fi
  if may_install && install_system_package libfaketime && find_libfaketime; then return; fi
  fail "the tests run workers whose clocks are wrong, by libfaketime, and there is none: install it, or name it with LIBFAKETIME=."
}
find_libfaketime() {
  local candidate
  for candidate in "${LIBFAKETIME:-}" /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/{,local/}lib/faketime/libfaketimeMT.so.1; do
    if [ -f "$candidate" ]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  return 1
}

# check-project: what Django itself can tell, on the servers that `exec` started.
check_project() {
  local python=.venv/bin/python
  say 'Every change of a model has its migration'
  "$python" manage.py makemigrations --check --dry-run
  say 'Migrations are safe on a live table'
  "$python" manage.py lintmigrations --no-cache --quiet ok ignore --exclude-apps silk
  say 'The settings of production'
  CLINICAL_ENGINE_MODE=production RELEASE=check ALLOWED_HOSTS=engine.example \
    "$python" manage.py check --deploy --fail-level WARNING
  say 'The description of the API is current'
  "$python" manage.py spectacular --validate --fail-on-warn --file "$VAR_DIR/openapi.yaml"
  diff -u docs/openapi.yaml "$VAR_DIR/openapi.yaml" ||
    fail 'docs/openapi.yaml is not what the code serves: run `make openapi` and read its diff.'
}

clean() {
  # Data must not be removed under servers that write it.
  if [ -e var/engine.lock ] && command -v flock >/dev/null && ! flock -n var/engine.lock true; then
    fail "the engine is running ($(cat var/engine.lock)): stop it first."
  fi
  say 'Removing var/ (all data of `make run`) and the caches'
  rm -rf var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
  find . -name __pycache__ -not -path './.venv/*' -type d -prune -exec rm -rf {} +
}

case "${1:-}" in
  venv) venv "$2" "$3" ;;
  chromium) chromium ;;
  libfaketime) libfaketime ;;
  check-project) check_project ;;
  clean) clean ;;
  *) fail "prepare.sh knows venv, chromium, libfaketime, check-project and clean." ;;
esac
