"""Everything that is sent to the database while something is done, seen at the driver's cursor.

Django's own hooks see neither COPY nor what `execute_values` makes of its pages, nor a second connection.
"""

from collections.abc import Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOBase
from typing import Any, cast

import psycopg2
from django.db import connections
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - as above

from tests.scaling.statements import Read, read


@dataclass(frozen=True, slots=True)
class Sent:
    """One statement: what was bound to it, and its size as it was sent. `copied` are the bytes of a COPY, in either direction.

    The values of a COPY are the fields of its rows.
    """

    read: Read
    parameters: int
    size: int
    values: int
    copied: int = 0
    # To be explained. It holds values, so no message shows it.
    text: str = field(default="", repr=False)


@dataclass(slots=True)
class Recording:
    """The statements, in order."""

    statements: list[Sent] = field(default_factory=list)
    # Bound with `mogrify` since the last statement: `execute_values` sends them as plain text.
    _bound_before: int = 0

    def bind(self, parameters: object) -> None:
        """Note what `mogrify` bound, for the statement that it becomes part of."""
        self._bound_before += _number_of(parameters)

    def add(self, statement: bytes | None, parameters: object, copied: "_Counted | None" = None) -> None:
        """Note a statement, whether it succeeded or not."""
        text = (statement or b"").decode(errors="replace")
        what = read(text)
        self.statements.append(
            Sent(
                read=what,
                parameters=_number_of(parameters) + self._bound_before,
                size=len(statement or b""),
                values=what.values + (copied.fields if copied else 0),
                copied=copied.size if copied else 0,
                text=text,
            )
        )
        self._bound_before = 0


def _number_of(parameters: object) -> int:
    return len(parameters) if isinstance(parameters, Sized) else 0


_recordings: list[Recording] = []


class _Counted:
    """The file of a COPY: counts what passes through."""

    def __init__(self, file: Any) -> None:
        self._file, self.size, self.fields = file, 0, 0

    def read(self, size: int = -1) -> Any:
        return self._count(self._file.read(size))

    def write(self, data: Any) -> Any:
        self._count(data)
        # A file of text was told apart from others by its class, which is hidden here.
        return self._file.write(data.decode() if isinstance(self._file, TextIOBase) else data)

    def _count(self, data: Any) -> Any:
        encoded = data.encode() if isinstance(data, str) else data
        self.size += len(encoded)
        self.fields += sum(encoded.count(separator) for separator in (b"\t", b",", b"\n"))
        return data


class RecordingCursor(Cursor):
    """psycopg2's cursor, telling the recordings what it sends."""

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - the driver's name for it
        try:
            super().execute(query, vars)
        finally:
            self._tell(self.query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        rows = list(vars_list)
        super().executemany(query, rows)
        # The driver sends one statement for each row.
        for row in rows:
            self._tell(super().mogrify(query, row), row)

    def callproc(self, procname: Any, parameters: Any = None, /) -> Any:
        try:
            return super().callproc(procname, parameters)
        finally:
            self._tell(self.query, parameters)

    def mogrify(self, query: Any, vars: Any = None) -> bytes:  # noqa: A002 - as above
        for recording in _recordings:
            recording.bind(vars)
        return super().mogrify(query, vars)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        counted = _Counted(file)
        try:
            super().copy_expert(sql, counted, size)
        finally:
            self._tell(self.query, None, counted)

    def copy_from(self, file: Any, *args: Any, **kwargs: Any) -> None:
        counted: Any = _Counted(file)
        try:
            super().copy_from(counted, *args, **kwargs)
        finally:
            self._tell(self.query, None, counted)

    def copy_to(self, file: Any, *args: Any, **kwargs: Any) -> None:
        counted = _Counted(file)
        try:
            super().copy_to(counted, *args, **kwargs)
        finally:
            self._tell(self.query, None, counted)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        if self.name:
            # A server-side cursor asks the server anew for each part of its rows.
            self._tell(b"FETCH FORWARD", None)
        return super().fetchmany(*([] if size is None else [size]))

    @staticmethod
    def _tell(statement: bytes | None, parameters: object, copied: _Counted | None = None) -> None:
        for recording in _recordings:
            recording.add(statement, parameters, copied)


@contextmanager
def recorded() -> Iterator[Recording]:
    """Record what is sent in here, over Django's connections and over any that is opened meanwhile."""
    recording, driver = Recording(), cast(Any, psycopg2)
    connect = driver.connect
    live = [wrapper.connection for wrapper in connections.all(initialized_only=True) if wrapper.connection]
    before = [each.cursor_factory for each in live]

    def connect_recording(*args: Any, **kwargs: Any) -> Connection:
        opened: Connection = connect(*args, **kwargs)
        opened.cursor_factory = RecordingCursor
        return opened

    for each in live:
        each.cursor_factory = RecordingCursor
    _recordings.append(recording)
    driver.connect = connect_recording
    try:
        yield recording
    finally:
        driver.connect = connect
        _recordings.remove(recording)
        for each, factory in zip(live, before, strict=True):
            each.cursor_factory = factory
