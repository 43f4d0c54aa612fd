"""`psql`: a look into the database that the engine uses."""

import os
from pathlib import Path
from typing import NoReturn

from clinical_engine.running.binaries import postgres_program
from clinical_engine.running.environment import VAR, read_variables
from clinical_engine.running.errors import CannotRunError


def open_database() -> NoReturn:
    """Become a psql on the database of the environment, or of the running engine, as the app's role.

    Raises CannotRunError when neither names one.
    """
    kept = read_variables(Path(os.environ.get("VAR_DIR") or VAR) / "environment")
    url = os.environ.get("DATABASE_URL") or kept.get("DATABASE_URL")
    if not url:
        raise CannotRunError(
            "There is no database to open: start the engine with `make run`, or set DATABASE_URL."
        )
    psql = str(postgres_program("psql"))
    os.execv(psql, [psql, url])  # noqa: S606  there is no shell, and the program is ours
