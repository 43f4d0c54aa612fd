"""The driver's cursor, which notes what every statement costs: Django's own hooks see neither COPY nor `execute_values`."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import psycopg2

from clinical_engine.common.prepared import PreparingCursor
from clinical_engine.profiling.capture import errors, units
from clinical_engine.profiling.capture.counting import longest_list, number_of_parameters
from clinical_engine.profiling.fingerprints import folded

# Above this a statement's lists are folded before it is kept until the next batch.
_SHORT = 4096
# What a statement in bytes is longer than this is not looked at.
_LOOKED_AT = 1_000_000
# Every atomic block has two; they take no time of their own.
_NOT_CAPTURED = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")


class CapturingCursor(PreparingCursor):
    """Notes shape, duration, rows and sizes of what is sent, in the unit of work that runs; never a value."""

    # How much `mogrify` bound since the last statement: `execute_values` sends it as plain text.
    _bound_before = 0

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002, ANN401 - the driver's signature
        """Run a statement."""
        unit = units.current()
        if unit is None:
            super().execute(query, vars)
            return
        error: BaseException | None = None
        begun = perf_counter()
        try:
            super().execute(query, vars)
        except BaseException as raised:
            error = raised
            raise
        finally:
            seconds = perf_counter() - begun
            parameters, values = number_of_parameters(vars), longest_list(vars)
            if self._bound_before:
                parameters, values = parameters + self._bound_before, max(values, self._bound_before)
                self._bound_before = 0
            if error is not None or not (type(query) is str and query.startswith(_NOT_CAPTURED)):
                self._note(unit, query, (seconds, parameters, values), error)

    def executemany(self, query: Any, vars_list: Any) -> None:  # noqa: ANN401 - as above
        """Run a statement once for each of the rows; counted as one execution with a list of them."""
        rows = list(vars_list)
        executing = super().executemany
        self._timed(query, lambda: executing(query, rows), [rows])

    def callproc(self, procname: Any, parameters: Any = None, /) -> Any:  # noqa: ANN401 - as above
        """Call a function of the database."""
        calling = super().callproc
        given = [] if parameters is None else [parameters]
        return self._timed(f"CALL {procname}", lambda: calling(procname, *given), parameters)

    def mogrify(self, query: Any, vars: Any = None) -> bytes:  # noqa: A002, ANN401 - as above
        """Bind without sending. Whatever is sent next is counted with it."""
        if units.current() is not None:
            self._bound_before += number_of_parameters(vars)
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

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """The next rows. A server-side cursor does its work here, a part at a time."""
        fetching = super().fetchmany
        if self.name is None:
            return fetching() if size is None else fetching(size)
        fetched: list[tuple[Any, ...]] = self._timed(
            "FETCH FORWARD", lambda: fetching() if size is None else fetching(size)
        )
        return fetched

    def _timed(
        self,
        text: Any,  # noqa: ANN401 - as above
        action: Callable[[], Any],
        parameters: Any = None,  # noqa: ANN401 - as above
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
            cost = perf_counter() - begun, number_of_parameters(parameters), longest_list(parameters)
            size = None if file is None else max(_position(file) - before, 0)
            self._note(unit, text, cost, error, size)

    def _note(
        self,
        unit: units.Noting,
        query: Any,  # noqa: ANN401 - as above
        cost: tuple[float, int, int],
        error: BaseException | None,
        size: int | None = None,
    ) -> None:
        sent = self.query
        if isinstance(query, str):
            text = query if len(query) <= _SHORT else folded(query)
        else:
            # Bytes, or the driver's own composition: as it was sent.
            text = folded((sent or b"")[:_LOOKED_AT].decode(errors="replace"))
        sqlstate = None
        if error is not None:
            sqlstate = error.pgcode or "" if isinstance(error, psycopg2.Error) else ""
            errors.mark(error, text)
        unit.add(
            units.Execution(
                text,
                units.place(),
                cost[0],
                max(self.rowcount, 0) if error is None else 0,
                *cost[1:],
                size if size is not None else len(sent or b""),
                sqlstate,
            )
        )


def _position(file: Any) -> int:  # noqa: ANN401 - as above
    try:
        return int(file.tell())
    except (AttributeError, OSError, ValueError):
        return 0
