"""Whatever way a statement is sent, its cost is noted."""

import io
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from psycopg2 import sql
from psycopg2.extras import execute_values

from clinical_engine.common.database import array_literal, copy, execute, fetch_all
from clinical_engine.common.prepared import Prepared
from clinical_engine.profiling.capture.batches import Counted
from clinical_engine.profiling.capture.units import unit_of_work
from tests.profiling.capture.support import capturing

pytestmark = pytest.mark.django_db


class Way(NamedTuple):
    """A way of sending a statement, and what is to be noted of it."""

    send: Callable[[Any], object]
    shape: str
    rows: int = 0
    parameters: int = 0
    values: int = 0
    bytes: int | None = None


def _orm(_: Any) -> None:
    list(User.objects.filter(username__in=["a", "b", "c"]))


def _prepared(_: Any) -> None:
    fetch_all(Prepared("SELECT n FROM unnest(%s::int[]) AS n"), [array_literal(range(5))])


def _executemany(cursor: Any) -> None:
    cursor.executemany("INSERT INTO sent VALUES (%s, %s)", ([n, "x"] for n in range(7)))


def _callproc(cursor: Any) -> None:
    cursor.callproc("generate_series", [1, 6])


def _execute_values(cursor: Any) -> None:
    execute_values(cursor.cursor, "INSERT INTO sent (id, name) VALUES %s", [(n, "it's") for n in range(40)])


def _copy_text_in(cursor: Any) -> None:
    cursor.copy_expert("COPY sent FROM STDIN", io.StringIO("1\tä\n2\tb\n"))


def _copy_out(cursor: Any) -> None:
    execute("INSERT INTO sent SELECT n, 'four' FROM generate_series(11, 20) AS n")
    cursor.copy_expert("COPY sent TO STDOUT", io.BytesIO())


def _copy_from(cursor: Any) -> None:
    cursor.cursor.copy_from(io.BytesIO(b"1\tabc\n"), "sent", columns=["id", "name"])


def _copy_to(cursor: Any) -> None:
    execute("INSERT INTO sent VALUES (1, 'abc')")
    cursor.cursor.copy_to(io.BytesIO(), "sent")


def _composed(cursor: Any) -> None:
    query = sql.SQL("SELECT {} FROM sent WHERE name = {} OR id = %s").format(
        sql.Identifier("id"), sql.Literal("hidden")
    )
    cursor.execute(query, [1])


WAYS = {
    "the ORM": Way(_orm, 'FROM "auth_user" WHERE "auth_user"."username" IN (?)', 0, 3),
    "raw": Way(
        lambda cursor: cursor.execute("SELECT * FROM generate_series(1, %s)", [9]), "generate_series", 9, 1
    ),
    "without parameters": Way(lambda cursor: cursor.execute("SELECT 17"), "SELECT ?", 1, bytes=9),
    "by name": Way(
        lambda cursor: cursor.execute("SELECT %(a)s, %(a)s", {"a": [1, 2]}), "SELECT ?, ?", 1, 1, 2
    ),
    "prepared": Way(_prepared, "SELECT n FROM unnest(?::int[]) AS n", 5, 1, 5),
    "bytes": Way(lambda cursor: cursor.execute(b"SELECT 'secret', %s", [2]), "SELECT ?, ?", 1, 1),
    "composed": Way(_composed, 'SELECT "id" FROM sent WHERE name = ? OR id = ?', 0, 1),
    "executemany": Way(_executemany, "INSERT INTO sent VALUES (?, ?)", 7, 2, 7),
    "callproc": Way(_callproc, "SELECT * FROM generate_series(?, ?)", 6, 2),
    "execute_values": Way(_execute_values, "INSERT INTO sent(id, name) VALUES (?, ?)", 40, 80, 80),
    "COPY in of a text file": Way(_copy_text_in, "COPY sent FROM stdin", 2),
    "COPY in of bytes": Way(
        lambda _: copy("COPY sent FROM STDIN", b"1\ta\n2\tb\n"), "COPY sent FROM stdin", 2, bytes=8
    ),
    "COPY out": Way(_copy_out, "COPY sent TO stdout", 10, bytes=10 * len("11\tfour\n")),
    "copy_from": Way(_copy_from, "COPY sent FROM stdin", 1, bytes=6),
    "copy_to": Way(_copy_to, "COPY sent TO stdout", 1, bytes=6),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_statement_is_noted_whatever_way_it_is_sent(name: str) -> None:
    way = WAYS[name]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE sent (id bigint, name text) ON COMMIT DROP")
        with capturing() as noted:
            way.send(cursor)
    found = noted.of(way.shape)
    assert (found.calls, found.failures) == (1, 0)
    assert (found.rows, found.parameters_most, found.values_most) == (way.rows, way.parameters, way.values)
    assert 0 < found.time_us == found.longest_us < 10_000_000
    assert sum(found.durations.values()) == 1
    assert found.bytes_most == way.bytes if way.bytes else found.bytes_most > 0


def test_a_text_file_has_a_size_as_well(tmp_path: Path) -> None:
    lines = "".join(f"{n}\tß{n}\n" for n in range(5_000))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE sent (id bigint, name text) ON COMMIT DROP")
        with capturing() as noted:
            path = tmp_path / "sent.txt"
            path.write_text(lines, encoding="utf-8")
            with path.open(encoding="utf-8") as file:
                cursor.copy_expert("COPY sent FROM STDIN", file)
            with path.open("w", encoding="utf-8") as file:
                cursor.copy_expert("COPY sent TO STDOUT", file)
    assert path.read_text(encoding="utf-8") == lines
    size = len(lines.encode())
    assert noted.of("FROM stdin").bytes_most == pytest.approx(size, abs=8192)
    assert noted.of("TO stdout").bytes_most == size


def test_a_copy_through_what_has_no_position_works_as_ever() -> None:
    class Source:
        parts = iter([b"1\ta\n", b"2\tb\n", b""])

        def read(self, _: int) -> bytes:
            return next(self.parts)

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE sent (id bigint, name text) ON COMMIT DROP")
        with capturing() as noted:
            cursor.copy_expert("COPY sent FROM STDIN", Source())
    assert (noted.of("COPY").rows, noted.of("COPY").bytes_most) == (2, 0)


def test_a_cursor_of_the_server_counts_once_with_all_that_was_fetched() -> None:
    with capturing() as noted:
        User.objects.bulk_create(User(username=f"u{n}") for n in range(70))
        assert len(list(User.objects.filter(username__startswith="u").iterator(chunk_size=20))) == 70
    found = noted.of("LIKE")
    assert (found.calls, found.rows, found.failures) == (1, 70, 0)


@pytest.mark.parametrize("fetch", ["fetchone", "fetchmany", "fetchall", "next"])
def test_whatever_fetches_from_a_cursor_of_the_server_is_counted(fetch: str) -> None:
    fetching: dict[str, Callable[[Any], object]] = {
        "fetchone": lambda cursor: [cursor.fetchone() for _ in range(4)],
        "fetchmany": lambda cursor: [cursor.fetchmany(2), cursor.fetchmany(2)],
        "fetchall": lambda cursor: cursor.fetchall(),
        "next": list,
    }
    with capturing() as noted, connection.chunked_cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.01) FROM generate_series(1, 3)")
        fetching[fetch](cursor)
    found = noted.of("pg_sleep")
    assert (found.calls, found.rows) == (1, 3)
    assert 30_000 < found.time_us < 5_000_000


def test_a_cursor_of_the_server_that_fails_while_it_fetches_is_a_failure() -> None:
    with capturing() as noted, connection.chunked_cursor() as cursor:
        cursor.execute("SELECT 1 / (2 - n) FROM generate_series(1, 3) AS n")
        with pytest.raises(Exception, match="division"):
            cursor.fetchall()
    found = noted.of("generate_series")
    assert (found.calls, found.failures, found.timeouts) == (1, 1, 0)


def of_the_server() -> Any:
    """A cursor of the driver's own, with two of three rows fetched."""
    cursor = connection.connection.cursor(name="dropped")
    cursor.execute("SELECT n FROM generate_series(1, 3) AS n")
    cursor.fetchmany(2)
    return cursor


@pytest.mark.parametrize("origin", [None, "GET /list"])
def test_a_cursor_of_the_server_that_is_dropped_counts_with_what_was_fetched(origin: str | None) -> None:
    with capturing() as noted, unit_of_work(origin) if origin else nullcontext():
        cursor = of_the_server()
        del cursor
    found = noted.of("generate_series")
    assert (found.calls, found.rows) == (1, 2)
    assert origin is None or found.origin == origin


def test_a_cursor_of_the_server_that_is_closed_and_dropped_counts_once() -> None:
    with capturing() as noted:
        cursor = of_the_server()
        cursor.close()
        del cursor
    assert noted.of("generate_series").calls == 1


def test_a_cursor_of_the_server_that_ends_as_garbage_of_another_unit_is_not_counted_there() -> None:
    with capturing() as noted:
        with unit_of_work("GET /list"):
            cursor = of_the_server()
        with unit_of_work("GET /other"):
            del cursor
            execute("SELECT 1 AS other")
    assert [each.origin for each in noted.counted] == ["GET /other"]
    assert noted.of("other").calls == 1


def test_what_is_bound_without_being_sent_counts_with_what_is_sent_next_alone() -> None:
    with capturing() as noted, connection.cursor() as cursor:
        bound = cursor.mogrify("SELECT %s, %s", [1, 2])
        cursor.execute(bound)
        cursor.execute("SELECT 1 AS next")
    assert noted.of("SELECT ?, ?").parameters_most == 2
    assert noted.of("next").parameters_most == 0


def test_what_is_bound_before_a_savepoint_counts_with_what_is_sent_in_it() -> None:
    with capturing() as noted, connection.cursor() as cursor:
        bound = cursor.mogrify("SELECT %s, %s", [1, 2]).decode()
        with transaction.atomic():
            cursor.execute(bound)
    assert noted.of("SELECT ?, ?").parameters_most == 2


def test_a_cursor_of_the_server_and_one_of_the_client_are_told_apart_for_the_same_text() -> None:
    text = "SELECT n FROM generate_series(1, 3) AS n"
    with capturing() as noted:
        for _ in range(2):
            with connection.chunked_cursor() as cursor:
                cursor.execute(text)
                assert cursor.fetchmany(2) == [(1,), (2,)]
            assert fetch_all(text) == [(1,), (2,), (3,)]
    assert sorted((each.calls, each.rows) for each in noted.counted) == [(2, 4), (2, 6)]


def test_savepoints_are_not_counted_and_what_is_in_them_is() -> None:
    with capturing() as noted, transaction.atomic(), transaction.atomic():
        execute("SELECT 1 AS inner_one")
    assert [each.shape for each in noted.counted] == ["SELECT ? AS inner_one"]


def test_a_statement_runs_once_and_its_rows_come_as_without_the_capture() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY SEQUENCE counting")
        with capturing():
            assert fetch_all("SELECT nextval('counting')") == [(1,)]
            cursor.executemany("SELECT nextval('counting') + %s", [[1], [2]])
            cursor.callproc("nextval", ["counting"])
            cursor.execute(sql.SQL("SELECT nextval({})").format(sql.Literal("counting")))
            cursor.cursor.execute(b"SELECT nextval('counting')")
            with pytest.raises(Exception, match="division"):
                cursor.execute("SELECT 1 / (nextval('counting') * 0)")


def test_a_number_of_parameters_that_the_driver_takes_and_nobody_can_count_is_none() -> None:
    class Given:
        def __getitem__(self, name: str) -> int:
            return 5

    with capturing() as noted, connection.cursor() as cursor:
        cursor.cursor.execute("SELECT %(any)s AS given", Given())
        assert cursor.fetchall() == [(5,)]
    assert noted.of("given").parameters_most == 0


def test_each_of_the_sums_is_the_sum_over_the_executions() -> None:
    with capturing() as noted:
        for rows in (3, 8, 5):
            fetch_all("SELECT n FROM generate_series(1, %s) AS n", [rows])
    found: Counted = noted.of("generate_series")
    assert (found.calls, found.rows, found.parameters_most) == (3, 16, 1)
    assert found.longest_us < found.time_us
    assert sum(found.durations.values()) == 3
