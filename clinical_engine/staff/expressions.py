"""Counts in a list's query that stay cheap when the thing counted is a million rows."""

from typing import Any

from django.db.models import IntegerField, Model, QuerySet, Subquery

COUNT_LIMIT = 1_000


class BoundedCount(Subquery):
    """How many rows a correlated query finds, counted up to `COUNT_LIMIT` + 1."""

    # An alias for the derived table: PostgreSQL before 16 insists on one.
    template = "(SELECT count(*) FROM (%(subquery)s) AS bounded)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Model], **extra: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(rows.order_by().values("pk")[: COUNT_LIMIT + 1], **extra)


def bounded(number: int) -> str:
    """A bounded count for people."""
    return f"{number:,}" if number <= COUNT_LIMIT else f"over {COUNT_LIMIT:,}"
