"""Set-based SQL: one statement for a whole batch, whatever its size."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import msgspec
from django.db import DatabaseError, Error, InterfaceError, OperationalError, connection

# Whatever the driver adapts; bulk values come as array literals.
Parameters = Sequence[Any] | Mapping[str, Any]


def array_literal(values: Iterable[object]) -> str:
    """A PostgreSQL array literal of texts, numbers, times, ids ... (None becomes NULL), to be bound as one parameter and cast.

    Offsets of times are of whole minutes, as those of everything that comes in.

    One literal with `unnest` ran at 0.92 times the speed of COPY, a Python list (`ARRAY[...]`) at 0.8,
    `execute_values` at 0.65 (shared reference, 'Linking 1,000,000 patients').
    """
    each = values if isinstance(values, list) else list(values)
    # Several times as fast as `str` of each: but for its brackets, a list in JSON without escapes is an array literal.
    text = _as_json(each)
    nulls = text.count(b"null")
    if b"\\" in text or (nulls and nulls != each.count(None)):
        return "{" + ",".join(map(_element, each)) + "}"
    return f"{{{text[1:-1].decode()}}}"


_as_json = msgspec.json.Encoder(decimal_format="number", enc_hook=str).encode


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    # Two `replace` are several times as fast as one `translate`.
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def execute(sql: str, parameters: Parameters | None = None) -> int:
    """Run one statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def fetch_all(sql: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
    """Run one statement; all its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def copy(statement: str, rows: bytes) -> None:
    """Run a `COPY ... FROM STDIN` of rows in its text format, in the caller's transaction."""
    # Django leaves this method's errors as the driver's own, which nobody here would know how to take.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.copy_expert(statement, BytesIO(rows))


def may_be_away(error: BaseException) -> bool:
    """Whether an error of Django's is of a kind that a database gives which is away, or starts over.

    Of a connection that breaks in the middle of an answer the driver knows so little that its error is of no class below. Django
    has such errors of its own, which no driver caused.
    """
    broke_off = type(error) is DatabaseError and error.__cause__ is not None
    return broke_off or isinstance(error, (OperationalError, InterfaceError))


@contextmanager
def deferred_flushing() -> Iterator[None]:
    """Within, a commit returns before it is on disk.

    Only for work that is done again when its commits are gone: a crash of the server takes the last of them, in order and each of
    them whole. Whatever is committed elsewhere meanwhile takes all before it to disk.
    """
    execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        try:
            execute("RESET synchronous_commit")
        except Error:
            # Nobody is to get it as it is; one that broke is closed as well.
            connection.close()


def database_now() -> datetime:
    """The time by the database's clock, in UTC: the one that all processes share."""
    [(now,)] = fetch_all("SELECT clock_timestamp()")
    return now.astimezone(UTC)  # type: ignore[no-any-return]  # whatever the driver gives
