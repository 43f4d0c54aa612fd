"""A PostgreSQL and a Redis to break."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clinical_engine.running.environment import embedded_broker, embedded_database, new_secret
from clinical_engine.running.manage import migrate
from clinical_engine.running.postgres_server import ADMIN, PostgresServer
from clinical_engine.running.redis_server import RedisServer
from clinical_engine.running.roles import provision
from tests.faults.kinds import EFFECTS
from tests.running.support import rows

DATABASE = "faults"


@dataclass(frozen=True)
class Servers:
    """The servers, and the variables that point the engine at them."""

    postgres: PostgresServer
    redis: RedisServer
    environment: Mapping[str, str]


@contextmanager
def running_servers(home: Path, postgres_settings: Mapping[str, str] | None = None) -> Iterator[Servers]:
    """Servers at `home` with a fresh, migrated database."""
    with PostgresServer(home, postgres_settings) as postgres, RedisServer(home) as redis:
        provision(postgres.url(ADMIN, "postgres"), DATABASE, fresh=True)
        environment = {
            "CLINICAL_ENGINE_MODE": "development",
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "SECRET_KEY": new_secret(),
            "VAR_DIR": str(home),
            # As in production: silk records a small share of the requests.
            "PROFILED_SHARE": "0.01",
            **embedded_database(postgres, DATABASE),
            **embedded_broker(redis),
        }
        migrate(environment)
        rows(environment["DATABASE_OWNER_URL"], EFFECTS)
        yield Servers(postgres, redis, environment)
