"""The embedded servers start from anything, and leave nothing behind."""

import os
import stat
from contextlib import closing
from pathlib import Path

import environ
import psutil
import psycopg2
import pytest
import redis

from clinical_engine.running.errors import AlreadyRunningError, CannotRunError
from clinical_engine.running.folders import LONGEST_SOCKET_PATH
from clinical_engine.running.postgres_server import ADMIN, NOT_DURABLE, SOCKET, PostgresServer
from clinical_engine.running.redis_server import RedisServer
from clinical_engine.running.servers import EmbeddedServer
from tests.running.support import processes_about, rows

Server = type[EmbeddedServer]
both = pytest.mark.parametrize("kind", [PostgresServer, RedisServer])


def answer(postgres: PostgresServer, statement: str) -> object:
    return rows(postgres.url(ADMIN, "postgres"), statement)[0][0]


@both
def test_a_stopped_server_leaves_no_process_behind(kind: Server, tmp_path: Path) -> None:
    with kind(tmp_path) as server:
        assert processes_about(tmp_path)
    assert not server.is_running
    assert processes_about(tmp_path) == []


@both
def test_a_killed_server_leaves_no_process_behind_and_starts_again(kind: Server, tmp_path: Path) -> None:
    server = kind(tmp_path)
    server.start()
    server.kill()
    assert processes_about(tmp_path) == []
    with server:
        assert server.is_running


@both
def test_a_second_starter_is_told_who_runs_the_server(kind: Server, tmp_path: Path) -> None:
    with (
        kind(tmp_path),
        pytest.raises(AlreadyRunningError, match=f"Already running in .*: process {os.getpid()}"),
    ):
        kind(tmp_path).start()


@both
def test_what_a_dead_starter_left_running_is_ended_by_the_next(kind: Server, tmp_path: Path) -> None:
    left_behind = kind(tmp_path)
    left_behind.start()
    assert left_behind.pid is not None
    process = psutil.Process(left_behind.pid)
    # As the kernel does when the process that held it dies.
    left_behind._lock.release()
    with kind(tmp_path) as server:
        assert server.pid != process.pid
        assert not left_behind.is_running


@both
def test_the_folder_of_the_sockets_is_closed_to_others(kind: Server, tmp_path: Path) -> None:
    with kind(tmp_path) as server:
        assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700


@both
def test_a_folder_too_long_for_a_socket_gets_a_private_one_elsewhere(kind: Server, tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    with kind(home) as server:
        assert server.is_running
        sockets = server.sockets
        assert len(os.fsencode(sockets / SOCKET)) <= LONGEST_SOCKET_PATH
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert not sockets.exists()


@both
def test_a_data_folder_that_is_a_file_is_named(kind: Server, tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.touch()
    with pytest.raises(CannotRunError, match=f"The folder {home} cannot be used"):
        kind(home).start()


def test_a_server_that_does_not_come_up_says_why_and_is_gone(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path, {"shared_buffers": "nonsense"})
    with pytest.raises(CannotRunError, match=r"did not start: .*shared_buffers"):
        server.start()
    assert processes_about(tmp_path) == []


def test_postgres_keeps_its_data_and_listens_on_no_network(tmp_path: Path) -> None:
    with PostgresServer(tmp_path, NOT_DURABLE) as postgres:
        rows(postgres.url(ADMIN, "postgres"), "CREATE TABLE kept AS SELECT 7 AS number")
        assert answer(postgres, "SHOW listen_addresses") == ""
        assert answer(postgres, "SHOW server_encoding") == "UTF8"
        assert answer(postgres, "SHOW timezone") == "UTC"
    with PostgresServer(tmp_path, NOT_DURABLE) as postgres:
        assert answer(postgres, "SELECT number FROM kept") == 7


def test_postgres_starts_over_files_that_name_a_living_stranger(tmp_path: Path) -> None:
    with PostgresServer(tmp_path, NOT_DURABLE) as postgres:
        identity = (postgres.data / "postmaster.pid").read_text().splitlines()
        lock = (postgres.sockets / f"{SOCKET}.lock").read_text().splitlines()
    identity[0] = lock[0] = str(os.getppid())
    (postgres.data / "postmaster.pid").write_text("\n".join(identity) + "\n")
    (postgres.sockets / f"{SOCKET}.lock").write_text("\n".join(lock) + "\n")
    with postgres:
        assert answer(postgres, "SELECT 1") == 1


def test_postgres_starts_where_the_making_of_its_cluster_was_cut_short(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with PostgresServer(tmp_path, NOT_DURABLE) as postgres:
        assert answer(postgres, "SELECT 1") == 1


def test_root_without_any_account_for_postgres_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    # Where there is no `unshare`, there is no user namespace either.
    monkeypatch.setenv("PATH", str(tmp_path))
    server = PostgresServer(tmp_path / "home", NOT_DURABLE)
    if os.geteuid() == 0:
        with pytest.raises(CannotRunError, match="start as an ordinary user, or set DATABASE_URL"):
            server.start()
    else:
        with server:
            assert server.is_running


def test_urls_mean_the_same_to_libpq_and_to_the_settings(tmp_path: Path) -> None:
    home = tmp_path / "Ünusual Folder+1%"
    with PostgresServer(home, NOT_DURABLE) as postgres:
        url = postgres.url(ADMIN, "postgres")
        read = environ.Env.db_url_config(url)
        assert (read["USER"], read["NAME"], read["HOST"]) == (ADMIN, "postgres", "")
        assert read["OPTIONS"] == {"host": str(postgres.sockets)}
        with closing(psycopg2.connect(url)) as connection:
            assert connection.info.host == str(postgres.sockets)


def test_redis_keeps_its_data_refuses_to_evict_and_listens_on_no_network(tmp_path: Path) -> None:
    home = tmp_path / "Ünusual Folder+1%"
    with RedisServer(home) as server, closing(redis.Redis.from_url(server.url())) as client:
        client.set("kept", "7")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}
    with RedisServer(home) as server, closing(redis.Redis.from_url(server.url())) as client:
        assert client.get("kept") == b"7"


def test_a_folder_for_sockets_that_somebody_put_there_is_not_used(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / ("long" * 30))
    sockets = server.sockets
    sockets.rmdir()
    sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(CannotRunError, match="belongs to somebody else"):
            server.start()
    finally:
        sockets.unlink()
