"""The driver's cursor, which notes what every statement costs: Django's own hooks see neither COPY nor `execute_values`."""

from collections.abc import Callable
from time import perf_counter
from typing import Any, Self, TypeVar, cast

import psycopg2

from clinical_engine.common.prepared import PreparingCursor
from clinical_engine.profiling.capture import errors, units
from clinical_engine.profiling.capture.counting import sizes, sizes_of_rows
from clinical_engine.profiling.capture.places import sent
from clinical_engine.profiling.fingerprints import folded

# Above this a statement's lists are folded before it is kept until the next batch.
_SHORT = 4096
# What a statement in bytes is longer than this is not looked at.
_LOOKED_AT = 1_000_000
# Every atomic block has two; they take no time of their own.
_NOT_CAPTURED = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")
# A text file's position has more in it above these bits: how to go on decoding.
_POSITION = 2**48 - 1
_Fetched = TypeVar("_Fetched")
# `super()` takes a tenth of a microsecond.
_send = PreparingCursor.execute


class CapturingCursor(PreparingCursor):
    """Notes shape, duration, rows and sizes of what is sent, in the unit of work that runs; never a value."""

    # How much `mogrify` bound since the last statement: `execute_values` sends it as plain text.
    _bound_before = 0

    def __new__(cls, _connection: object, name: str | None = None, *_: object, **__: object) -> Self:
        """A cursor; one with a name, which is the server's, is a kind of its own."""
        return super().__new__(cls if name is None else cast("type[Self]", _ServerSideCursor))

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002, ANN401 - the driver's signature
        """Run a statement."""
        unit = units.current()
        if unit is None:
            _send(self, query, vars)
            return
        error: BaseException | None = None
        begun = perf_counter()
        try:
            _send(self, query, vars)
        except BaseException as raised:
            error = raised
            raise
        finally:
            seconds = perf_counter() - begun
            parameters, values = sizes(vars)
            if self._bound_before:
                parameters, values = parameters + self._bound_before, max(values, self._bound_before)
                self._bound_before = 0
            if error is not None or not (type(query) is str and query.startswith(_NOT_CAPTURED)):
                self._note(unit, self._execution_of(query, (seconds, parameters, values), error))

    def executemany(self, query: Any, vars_list: Any) -> None:  # noqa: ANN401 - as above
        """Run a statement once for each of the rows; counted as one execution with a list of them."""
        rows = list(vars_list)
        executing = super().executemany
        self._timed(query, lambda: executing(query, rows), sizes_of_rows(rows))

    def callproc(self, procname: Any, parameters: Any = None, /) -> Any:  # noqa: ANN401 - as above
        """Call a function of the database."""
        calling = super().callproc
        given = [] if parameters is None else [parameters]
        text = f"SELECT * FROM {procname}({', '.join(['%s'] * len(parameters or ()))})"  # noqa: S608 - it is not sent
        return self._timed(text, lambda: calling(procname, *given), sizes(parameters))

    def mogrify(self, query: Any, vars: Any = None) -> bytes:  # noqa: A002, ANN401 - as above
        """Bind without sending. Whatever is sent next is counted with it."""
        if units.current() is not None:
            self._bound_before += sizes(vars)[0]
        return super().mogrify(query, vars)

    def copy_expert(self, sql: Any, file: Any, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as above
        """Run a COPY; the bytes that went through count as its size."""
        copying = super().copy_expert
        self._timed(sql, lambda: copying(sql, file, *arguments, **named), file=file)

    def copy_from(self, file: Any, table: str, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as above
        """Copy a file's rows into a table."""
        copying = super().copy_from
        text = f"COPY {table} FROM STDIN"
        self._timed(text, lambda: copying(file, table, *arguments, **named), file=file)

    def copy_to(self, file: Any, table: str, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as above
        """Copy a table's rows into a file."""
        copying = super().copy_to
        text = f"COPY {table} TO STDOUT"
        self._timed(text, lambda: copying(file, table, *arguments, **named), file=file)

    def _timed(
        self,
        text: Any,  # noqa: ANN401 - as above
        action: Callable[[], Any],
        given: tuple[int, int] = (0, 0),
        file: Any = None,  # noqa: ANN401 - as above
    ) -> Any:  # noqa: ANN401 - as above
        unit = units.current()
        if unit is None:
            return action()
        error: BaseException | None = None
        before, begun = _position(file), perf_counter()
        try:
            return action()
        except BaseException as raised:
            error = raised
            raise
        finally:
            cost = perf_counter() - begun, *given
            size = None if file is None else max(_position(file) - before, 0)
            self._note(unit, self._execution_of(text, cost, error, size))

    def _note(self, unit: units.Noting, execution: units.Execution) -> None:
        unit.add(execution)

    def _execution_of(
        self,
        query: Any,  # noqa: ANN401 - as above
        cost: tuple[float, int, int],
        error: BaseException | None,
        size: int | None = None,
    ) -> units.Execution:
        text = query if isinstance(query, str) and len(query) <= _SHORT else self._text_of(query)
        if error is not None:
            errors.mark(error, text)
        seconds, parameters, values = cost
        rows = self.rowcount
        if rows < 0 or error is not None:
            rows = 0
        if size is None:
            size = len(self.query or b"")
        sqlstate = None if error is None else _sqlstate_of(error)
        return units.execution((*sent(text), seconds, rows, parameters, values, size, sqlstate))

    def _text_of(self, query: Any) -> str:  # noqa: ANN401 - as above
        if isinstance(query, bytes):
            query = query[:_LOOKED_AT].decode(errors="replace")
        elif not isinstance(query, str):
            try:
                # The driver's own composition.
                query = query.as_string(self)
            except Exception:  # noqa: BLE001 - no statement at all, as the driver has said already
                query = ""
        return folded(query)


class _ServerSideCursor(CapturingCursor):
    """Counts once, when it is closed, with the time and the rows of all that was fetched by then."""

    _under_way: units.Execution | None = None

    def _note(self, unit: units.Noting, execution: units.Execution) -> None:
        if execution.sqlstate is None:
            self._under_way = execution
        else:
            unit.add(execution)

    def fetchone(self) -> Any:  # noqa: ANN401 - as above
        """The next row."""
        return self._fetched(super().fetchone, lambda row: row is not None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        fetching = super().fetchmany
        return self._fetched(lambda: fetching() if size is None else fetching(size), len)

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        return self._fetched(super().fetchall, len)

    def __next__(self) -> Any:  # noqa: ANN401 - as above
        return self._fetched(super().__next__, lambda _: 1)

    def close(self) -> None:
        """Close it, and count what it cost."""
        try:
            super().close()
        finally:
            self._tell()

    def _fetched(self, fetch: Callable[[], _Fetched], rows_in: Callable[[_Fetched], int]) -> _Fetched:
        begun, rows, sqlstate = perf_counter(), 0, None
        try:
            found = fetch()
            rows = rows_in(found)
        except psycopg2.Error as error:
            sqlstate = _sqlstate_of(error)
            if self._under_way is not None:
                errors.mark(error, self._under_way.text)
            raise
        else:
            return found
        finally:
            so_far = self._under_way
            if so_far is not None:
                seconds = so_far.seconds + perf_counter() - begun
                self._under_way = so_far._replace(seconds=seconds, rows=so_far.rows + rows, sqlstate=sqlstate)
                if sqlstate is not None:
                    self._tell()

    def _tell(self) -> None:
        execution, self._under_way = self._under_way, None
        unit = units.current()
        if execution is not None and unit is not None:
            unit.add(execution)


def _sqlstate_of(error: BaseException) -> str:
    return (error.pgcode or "") if isinstance(error, psycopg2.Error) else ""


def _position(file: Any) -> int:  # noqa: ANN401 - as above
    try:
        return int(file.tell()) & _POSITION
    except Exception:  # noqa: BLE001 - whatever a file is that has no position
        return 0
