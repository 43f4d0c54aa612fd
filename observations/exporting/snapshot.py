"""The rows of a query as they were at one moment, kept by PostgreSQL and fetched piece by piece."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.db import Error, connection, transaction
from django.db.models import QuerySet

from clinical_engine.common.database import execute, fetch_all

_PIECE = 2_000
_PATIENCE = "5min"


class Snapshot:
    """What a query found when this was made; `number` is how many rows. To be closed.

    Held by the server beyond its transaction: a slow reader keeps neither a transaction open, which would end after a minute of
    silence and hold back cleaning up, nor the rows in this process.
    """

    def __init__(self, rows: QuerySet[Any]) -> None:
        sql, parameters = rows.query.sql_with_params()
        self._name = f"export_{uuid4().int}"
        with transaction.atomic():
            # A million rows take longer than a page may. The commit, which stores them, counts as well.
            execute(f"SET LOCAL statement_timeout = '{_PATIENCE}'")
            execute(f'DECLARE "{self._name}" SCROLL CURSOR WITH HOLD FOR {sql}', parameters)
        # All the way and back: what is counted is what is read.
        self.number = execute(f'MOVE FORWARD ALL IN "{self._name}"')
        execute(f'MOVE ABSOLUTE 0 IN "{self._name}"')

    def pieces(self) -> Iterator[list[tuple[Any, ...]]]:
        """The rows in order, as the driver gives them: numbers with all their digits, JSON as text."""
        while piece := fetch_all(f'FETCH {_PIECE} FROM "{self._name}"'):
            yield piece

    def close(self) -> None:
        """Let the server forget the rows. What cannot be told to it any more is forgotten with the connection."""
        try:
            execute(f'CLOSE "{self._name}"')
        except Error:
            connection.close()
