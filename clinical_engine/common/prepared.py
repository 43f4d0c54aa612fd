"""Statements that every request sends: each connection has the database read and plan them once."""

from typing import Any
from weakref import WeakKeyDictionary

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - as above


class Prepared(str):
    """A statement's text with `%s` for each value, prepared by the connection that runs it first (PREPARE, then EXECUTE).

    Reading and planning took as long as doing for a request with one reading. The plan knows neither the values nor how large the
    tables have become since: write it so that only one makes sense (a lookup by key in a LATERAL for each element of an array),
    cast each value, and give columns a type that no migration changes.
    """

    __slots__ = ()

    def as_sent(self, name: str) -> tuple[str, str]:
        """What prepares it under that name, and what then runs it, with `%s` for each value."""
        *before, last = self.split("%s")
        body = "".join(f"{part}${number}" for number, part in enumerate(before, 1)) + last
        values = f"({', '.join(['%s'] * len(before))})" if before else ""
        return f"PREPARE {name} AS {body}", f"EXECUTE {name} {values}"


_executions: WeakKeyDictionary[Connection, dict[Prepared, str]] = WeakKeyDictionary()


class PreparingCursor(Cursor):
    """The driver's cursor, which prepares what is `Prepared`. Whoever looks on above it sees the statement as it was written."""

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002, ANN401 - the driver's signature
        """Run a statement."""
        super().execute(self._execution(query) if isinstance(query, Prepared) else query, vars)

    def _execution(self, statement: Prepared) -> str:
        prepared = _executions.setdefault(self.connection, {})
        if statement not in prepared:
            preparing, execution = statement.as_sent(f"statement_{len(prepared)}")
            super().execute(preparing)
            # Outlives a transaction that is rolled back.
            prepared[statement] = execution
        return prepared[statement]
