"""Pages of tables that are too large to be counted."""

from functools import cached_property

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet

from clinical_engine.common.database import fetch_all

LIMIT = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Counts up to `LIMIT` rows and offers pages of those; beyond that a person filters instead of turning pages.

    Counting ten million rows for a page's footer takes seconds, and OFFSET reads every row that it skips.
    """

    template_name = "admin/staff/pagination.html"

    @cached_property
    def count(self) -> int:
        """How many rows the pages show: all, or `LIMIT`."""
        return min(self._found, LIMIT)

    @cached_property
    def has_more(self) -> bool:
        """Whether there are more rows than the pages show."""
        return self._found > LIMIT

    @cached_property
    def estimate(self) -> int | None:
        """About how many rows there are, from the planner's statistics; None where those do not tell."""
        # -1 before the first ANALYZE; fewer than were found when the statistics are old.
        about = self._counts[1]
        return about if self.has_more and about > LIMIT else None

    @property
    def estimate_text(self) -> str:
        """The estimate, rounded to two digits: the statistics are no better."""
        return f"{float(f'{self.estimate or 0:.1e}'):,.0f}"

    @property
    def _found(self) -> int:
        return self._counts[0]

    @cached_property
    def _counts(self) -> tuple[int, int]:
        """How many rows were found, and about how many the planner believes in (-1: it does not tell); one statement."""
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows), -1
        if not rows.query.where:
            return _of_whole_table(rows.query.get_meta().db_table)
        # Only keys and no order: annotations and sorting of the shown page must not be paid for by the count.
        return rows.order_by().values("pk")[: LIMIT + 1].count(), -1


def _of_whole_table(name: str) -> tuple[int, int]:
    table = connection.ops.quote_name(name)
    [(found, about)] = fetch_all(
        f"""
        SELECT (SELECT count(*) FROM (SELECT FROM {table} LIMIT %s) AS bounded),
               (SELECT reltuples FROM pg_class WHERE oid = %s::regclass)
        """,  # noqa: S608 - a model's own table
        [LIMIT + 1, name],
    )
    return found, int(about)
