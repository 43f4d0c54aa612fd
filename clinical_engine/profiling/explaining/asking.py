"""Asking the database for plans."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from itertools import count

import psycopg2
from django.db import connection
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - as above

from clinical_engine.profiling.explaining.cleaning import cleaned
from clinical_engine.profiling.explaining.partial_indexes import Condition, conditions
from clinical_engine.profiling.explaining.preparing import Guess, Preparable, preparable

_LOCK_TIMEOUT = timedelta(seconds=1)
# A plan for any values: one for NULL would find no row.
_SETTINGS = """
    SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),
        set_config('plan_cache_mode', 'force_generic_plan', true)
"""
# Of a parameter PostgreSQL knows no type, or the wrong one.
_TYPE_MISSING = (
    errors.UndefinedFunction,
    errors.AmbiguousFunction,
    errors.DatatypeMismatch,
    errors.IndeterminateDatatype,
)


class Planner:
    """Has the database plan statements and runs none; each in a read-only transaction that is rolled back."""

    def __init__(self, own: Connection, timeout: timedelta) -> None:
        self._own, self.timeout, self._numbers = own, timeout, count()

    def plan(self, words: Sequence[str]) -> str:
        """The plan of a statement, by the first guess of its values' types that PostgreSQL can do with.

        Raises psycopg2.Error.
        """
        *guesses, last = Guess
        for guess in guesses:
            with suppress(*_TYPE_MISSING):
                return self._plan(preparable(words, guess))
        return self._plan(preparable(words, last))

    def _plan(self, statement: Preparable) -> str:
        with self._transaction() as cursor:
            # What is prepared outlives a transaction that is rolled back.
            name = f"explained_{next(self._numbers)}"
            cursor.execute(f"PREPARE {name} AS {statement.text}")
            values = f"({', '.join(['NULL'] * statement.parameters)})" if statement.parameters else ""
            cursor.execute(f"EXPLAIN EXECUTE {name} {values}")
            return "\n".join(cleaned(line) for (line,) in cursor)

    def partial_indexes(self, names: Sequence[str]) -> dict[str, list[Condition]]:
        """By index of tables with these names, the values that it is for, if it is for some."""
        with self._transaction() as cursor:
            return conditions(cursor, names)

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        try:
            with self._own.cursor() as cursor:
                cursor.execute(_SETTINGS, [_milliseconds(self.timeout), _milliseconds(_LOCK_TIMEOUT)])
                yield cursor
        finally:
            self._own.rollback()


@contextmanager
def planner(timeout: timedelta) -> Iterator[Planner]:
    """A planner with a connection of its own, which takes no longer than `timeout` for a plan."""
    # Not Django's: what fails there would end the caller's transaction, and be counted as a statement of the engine.
    with closing(psycopg2.connect(**{**connection.get_connection_params(), "cursor_factory": Cursor})) as own:
        own.set_session(readonly=True)
        yield Planner(own, timeout)


def _milliseconds(time: timedelta) -> str:
    return str(int(time.total_seconds() * 1000))
