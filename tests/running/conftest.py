from collections.abc import Iterator

import pytest

from clinical_engine.running.postgres_server import NOT_DURABLE, PostgresServer


@pytest.fixture(scope="package")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL of these tests' own, so that they may break what they like in it."""
    with PostgresServer(tmp_path_factory.mktemp("postgres"), NOT_DURABLE) as server:
        yield server
