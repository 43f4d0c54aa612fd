"""Which servers and settings the engine runs with: the caller's environment first, then the file we keep."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from clinical_engine.running.postgres_server import PostgresServer
from clinical_engine.running.redis_server import RedisServer
from clinical_engine.running.roles import APP, OWNER

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
DATABASE = "clinical_engine"


def embedded_database(postgres: PostgresServer, database: str = DATABASE) -> dict[str, str]:
    """The variables that point the engine at an embedded PostgreSQL."""
    return {"DATABASE_URL": postgres.url(APP, database), "DATABASE_OWNER_URL": postgres.url(OWNER, database)}


def embedded_broker(redis: RedisServer) -> dict[str, str]:
    """The variables that point the engine at an embedded Redis."""
    return {"REDIS_URL": redis.url()}


def new_secret() -> str:
    """A secret key that nobody else has."""
    return secrets.token_urlsafe(50)


def read_variables(path: Path) -> dict[str, str]:
    """The KEY=VALUE lines of a file; none when there is no file."""
    if not path.exists():
        return {}
    return dict(re.findall(r"^([A-Za-z_0-9]+)=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE))


def write_variables(path: Path, variables: Mapping[str, str]) -> None:
    """Replace `path`, readable by us alone from its first byte on, since it holds secrets."""
    text = "# Written by `make run`, read by clinical_engine/settings.py; what the environment sets wins.\n"
    text += "".join(f"{key}={value}\n" for key, value in sorted(variables.items()))
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    draft.replace(path)
