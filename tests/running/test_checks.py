"""What would not work is said in one sentence before anything is started."""

import socket
from contextlib import closing

import pytest

from clinical_engine.running.checks import port_from, require_broker, require_database, require_free_port
from clinical_engine.running.errors import CannotRunError
from clinical_engine.running.postgres_server import ADMIN, PostgresServer
from tests.ports import free_port


@pytest.mark.parametrize(
    "text", ["web", "0", "-1", "65536", "80 80", "8_000", "\N{FULLWIDTH DIGIT EIGHT}000", "8000.0", ""]
)
def test_a_port_that_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(CannotRunError, match="PORT must be a number from 1 to 65535"):
        port_from(text)


def test_a_port_is_read() -> None:
    assert port_from("8000") == 8000


def test_a_taken_port_is_refused() -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotRunError, match=f"Port {port} is taken by another program"):
            require_free_port(port)


def test_a_free_port_is_left_free() -> None:
    port = free_port()
    require_free_port(port)
    require_free_port(port)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://engine:hidden-word@127.0.0.1:1/engine",
        "postgres://engine:hidden-word@/engine?host=/nowhere",
        "postgres://engine:hidden-word@127.0.0.1:port/engine",
        "mysql://engine:hidden-word@127.0.0.1/engine",
        "hidden-word",
    ],
)
def test_a_dead_database_is_named_without_its_password(url: str) -> None:
    with pytest.raises(
        CannotRunError, match="The database that DATABASE_URL names does not answer"
    ) as refusal:
        require_database("DATABASE_URL", url)
    assert "hidden-word" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_living_database_is_accepted(postgres: PostgresServer) -> None:
    require_database("DATABASE_URL", postgres.url(ADMIN, "postgres"))


@pytest.mark.parametrize(
    "url",
    ["redis://:hidden-word@127.0.0.1:1/0", "unix:///nowhere.sock?db=0", "http://:hidden-word@127.0.0.1/"],
)
def test_a_dead_redis_is_named_without_its_password(url: str) -> None:
    with pytest.raises(CannotRunError, match="The Redis that REDIS_URL names does not answer") as refusal:
        require_broker("REDIS_URL", url)
    assert "hidden-word" not in str(refusal.value)
    assert "\n" not in str(refusal.value)
