"""Pages of long lists, by cursor: a page costs the same however deep it lies, and rows that arrive meanwhile shift nothing.

The framework's own cursor counts rows within one time: a row that arrives for that time shows another one twice, and a thousand
rows of one time end the list. This one is the id of the last row shown, from which the row's place is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from clinical_engine.common.errors import Refusal, RefusedError

PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list, and the cursor to those behind them; None when there are no more."""

    rows: Sequence[Row]
    next: UUID | None


def page_of(
    rows: QuerySet[Row], *, of: QuerySet[Row], time_field: str, after: UUID | None, size: int
) -> Page[Row]:
    """The `size` rows behind the row `after`, the latest by `time_field` first, the larger id first among equal times.

    `of` is the list without filters, in which `after` is looked up: the row may have left the filtered one since. Raises
    RefusedError when it is not there either. One query, two with `after`.
    """
    if after is not None:
        rows = _behind(rows, of, time_field, after)
    found = list(rows.order_by(f"-{time_field}", "-id")[: size + 1])
    shown = found[:size]
    return Page(shown, shown[-1].pk if len(found) > size else None)


def _behind(rows: QuerySet[Row], of: QuerySet[Row], time_field: str, after: UUID) -> QuerySet[Row]:
    time = of.filter(pk=after).values_list(time_field, flat=True).first()
    if time is None:
        raise RefusedError(Refusal("cursor", "invalid", "Must be a cursor from the `next` of a page."))
    behind = Q(**{f"{time_field}__lt": time}) | Q(**{time_field: time, "id__lt": after})
    # The plain bound beside it is what an index can use.
    return rows.filter(behind, **{f"{time_field}__lte": time})


def address_of(request: Request, cursor: UUID | None) -> str | None:
    """The address of the page behind `cursor`: that of the request, with the cursor in it."""
    return replace_query_param(request.build_absolute_uri(), "cursor", str(cursor)) if cursor else None
