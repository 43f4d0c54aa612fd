"""Django's management commands, run as the steps of a start."""

import os
import sys
from collections.abc import Mapping

from clinical_engine.running.environment import ROOT
from clinical_engine.running.errors import CannotRunError
from clinical_engine.running.processes import run_quietly


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run `manage.py ARGUMENTS` with `environment` added to ours, and give its output.

    Raises CannotRunError, with all of the output, when the command fails.
    """
    done = run_quietly(
        [sys.executable, ROOT / "manage.py", *arguments], environment={**os.environ, **environment}
    )
    if done.returncode != 0:
        output = (done.stdout + done.stderr).strip()
        raise CannotRunError(f"manage.py {arguments[0]} failed with exit code {done.returncode}:\n{output}")
    return done.stdout


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the database to this release's schema, as the role that owns it."""
    owner = environment.get("DATABASE_OWNER_URL") or environment["DATABASE_URL"]
    manage({**environment, "DATABASE_URL": owner}, "migrate", "--no-input", "--verbosity=1")
