"""The driver's cursor, which notes what every statement costs: Django's own hooks see neither COPY nor `execute_values`."""

from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any, TypeVar

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name says

from clinical_engine.common.prepared import PreparingCursor
from clinical_engine.profiling.capture import errors, units
from clinical_engine.profiling.capture.counting import sizes, sizes_of_rows
from clinical_engine.profiling.capture.places import sent, sent_as_before
from clinical_engine.profiling.capture.units import running
from clinical_engine.profiling.fingerprints import folded_and_counted

# Above this a statement's lists are folded before it is kept until the next batch.
_SHORT = 4096
# What a statement in bytes is longer than this is not looked at.
_LOOKED_AT = 1_000_000
# Every atomic block has two; they take no time of their own.
_NOT_CAPTURED = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")
# A text file's position has more in it above these bits: how to go on decoding.
_POSITION = 2**48 - 1
_Fetched = TypeVar("_Fetched")
# What is `Prepared` is a kind of text of its own, which the driver alone would not send as such.
_send, _send_plain = PreparingCursor.execute, Cursor.execute


class CapturingCursor(PreparingCursor):
    """Notes shape, duration, rows and sizes of what is sent, in the unit of work that runs; never a value."""

    # How much `mogrify` bound since the last statement: `execute_values` sends it as plain text.
    _bound_before = 0

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002, ANN401 - the driver's signature
        """Run a statement."""
        unit = running.unit or units.current()
        if unit is None:
            _send(self, query, vars)
            return
        if not isinstance(query, str) or len(query) > _SHORT or self.name is not None:
            self._send_unusual(query, vars)
            return
        send = _send_plain if type(query) is str else _send
        # All in one place: right after a statement, with the processor's caches cold, each call costs several times the usual.
        begun = perf_counter()
        try:
            send(self, query, vars)
        except BaseException as error:
            cost = perf_counter() - begun, *self._given(vars)
            self._note(unit, self._execution_of(query, cost, error))
            raise
        seconds = perf_counter() - begun
        found = sent_as_before(query)
        if found is None:
            if query.startswith(_NOT_CAPTURED):
                return
            found = sent(query)
        text, place = found
        parameters, values = self._given(vars) if self._bound_before else sizes(vars)
        rows, size = self.rowcount, len(self.query or b"")
        unit.add((text, place, seconds, rows if rows > 0 else 0, parameters, values, size, None))  # noqa: FURB136

    def _send_unusual(self, query: Any, parameters: Any) -> None:  # noqa: ANN401 - as above
        if self.name is not None:
            # Here and not in `__new__`, with which each cursor of the client would take half as long again to make.
            self.__class__ = _ServerSideCursor
        self._timed(query, lambda: _send(self, query, parameters), self._given(parameters))

    def _given(self, parameters: Any) -> tuple[int, int]:  # noqa: ANN401 - as above
        number, values = sizes(parameters)
        bound, self._bound_before = self._bound_before, 0
        return number + bound, max(values, bound)

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
        before = 0 if file is None else _position(file)
        begun = perf_counter()
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
        is_short = isinstance(query, str) and len(query) <= _SHORT
        text, written = (query, 0) if is_short else self._text_of(query)
        sqlstate = None
        if error is not None:
            errors.mark(error, text)
            sqlstate = errors.sqlstate_of(error)
            text = errors.readable(text, sqlstate)
        seconds, parameters, values = cost
        rows = self.rowcount
        if rows < 0 or error is not None:
            rows = 0
        if size is None:
            size = len(self.query or b"") if errors.was_sent(error) else 0
        return units.Execution(
            *(sent_as_before(text) or sent(text)),
            seconds,
            rows,
            parameters,
            max(values, written),
            size,
            sqlstate,
        )

    def _text_of(self, query: Any) -> tuple[str, int]:  # noqa: ANN401 - as above
        """What is kept of a statement, and how many values the longest list had that is written into it."""
        if isinstance(query, bytes):
            query = query[:_LOOKED_AT].decode(errors="replace")
        elif not isinstance(query, str):
            try:
                # The driver's own composition.
                query = query.as_string(self)
            except Exception:  # noqa: BLE001 - no statement at all, as the driver has said already
                query = ""
        return folded_and_counted(query)


class _ServerSideCursor(CapturingCursor):
    """Counts once, when it is closed or dropped, with the time and the rows of all that was fetched by then."""

    _under_way: units.Execution | None = None
    _sent_in: units.Noting | None = None

    def _note(self, unit: units.Noting, execution: units.Execution) -> None:
        if execution.sqlstate is None:
            self._under_way, self._sent_in = execution, unit
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

    def __del__(self) -> None:
        # Garbage may end in the midst of another thread's unit. What is called takes no lock that this thread cannot take again.
        with suppress(Exception):
            if self._under_way is not None and units.current() is self._sent_in:
                self._tell()

    def _fetched(self, fetch: Callable[[], _Fetched], rows_in: Callable[[_Fetched], int]) -> _Fetched:
        begun, rows, sqlstate = perf_counter(), 0, None
        try:
            found = fetch()
            rows = rows_in(found)
        except psycopg2.Error as error:
            sqlstate = errors.sqlstate_of(error)
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


def _position(file: Any) -> int:  # noqa: ANN401 - as above
    try:
        return int(file.tell()) & _POSITION
    except Exception:  # noqa: BLE001 - whatever a file is that has no position
        return 0
