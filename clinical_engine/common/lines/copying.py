"""Rows that are made as they are read, into PostgreSQL by COPY."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from clinical_engine.common.database import execute

# A client may be slow, but an upload is one transaction, and those must end.
_LONGEST_UPLOAD = "1h"
_COPIED_AT_ONCE = 256 * 1024


class ReadingStoppedError(Exception):
    """Reading cannot go on. Without a text: the driver sends that to the server, whose log must not quote a body."""


class RowStream:
    """A file of rows in COPY's text format, made as it is read: `rows` gives any number of whole ones at a time."""

    def __init__(self, rows: Iterator[bytes]) -> None:
        self._rows = rows
        self._waiting = b""
        self._given = 0
        self._failure: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes of rows, all that is left for -1; empty at the end.

        Raises ReadingStoppedError; its cause, which `failing_with_its_reason` raises instead, is whatever making the rows raised.
        """
        try:
            return self._all() if size < 0 else self._piece(size)
        # An interruption too: the driver knows no difference, and it would be lost.
        except BaseException as error:
            self._failure = error
            raise ReadingStoppedError from error

    @contextmanager
    def failing_with_its_reason(self) -> Iterator[None]:
        """Raise what made reading stop, for what the block raises because of it: a driver tells only that `read` failed."""
        try:
            yield
        except Exception:
            if self._failure is None:
                raise
            raise self._failure from None

    def _all(self) -> bytes:
        return b"".join([self._waiting[self._given :], *self._rows])

    def _piece(self, size: int) -> bytes:
        if self._given == len(self._waiting):
            self._waiting, self._given = next(self._rows, b""), 0
        piece = self._waiting[self._given : self._given + size]
        self._given += len(piece)
        return piece


def copy_rows(statement: str, rows: RowStream) -> None:
    """Run a `COPY ... FROM STDIN` in the caller's transaction, for at most an hour. Raises whatever making the rows raised."""
    execute(f"SET LOCAL statement_timeout = '{_LONGEST_UPLOAD}'")
    # Django leaves this method's errors as the driver's own, which nobody here would know how to take.
    with rows.failing_with_its_reason(), connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.copy_expert(statement, rows, _COPIED_AT_ONCE)
