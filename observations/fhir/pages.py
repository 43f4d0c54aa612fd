"""Pages of a patient's measurements and computed observations in one list, by cursor: the latest first.

The cursor is the id of the last row shown, as in the lists of the API. Among equal times the larger id comes first.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from uuid import UUID

from django.db.models import Q, QuerySet

from clinical_engine.common.errors import Refusal, RefusedError
from observations.fhir import rows
from observations.fhir.searching import CURSOR, Search
from observations.models import Measurement, Observation

Row = Measurement | Observation


@dataclass(frozen=True, slots=True)
class Found:
    """A page, and the cursor to the one behind it; None when there is none."""

    rows: list[Row]
    next: UUID | None


def find(search: Search, organisation_ids: Collection[UUID], *, with_computed: bool) -> Found:
    """The page of the search, within the organisations; superseded observations are not in it.

    Four statements at most. Raises RefusedError for a cursor to nothing.
    """
    behind = _after(search, organisation_ids, with_computed=with_computed)
    measured = rows.measurements(organisation_ids).filter(search.as_q("measured_at"))
    lists = [_some(measured, "measured_at", behind, search.count)]
    if with_computed:
        computed = rows.observations(organisation_ids).filter(search.as_q("as_of"), superseded_at=None)
        lists.append(_some(computed, "as_of", behind, search.count))
    found = list(islice(merge(*lists, key=_place, reverse=True), search.count + 1))
    shown = found[: search.count]
    return Found(shown, shown[-1].pk if len(found) > search.count else None)


def one(row_id: UUID, organisation_ids: Collection[UUID], *, with_computed: bool) -> Row | None:
    """The measurement or computed observation of that id, whether it counts or not; within the organisations."""
    found: Row | None = rows.measurements(organisation_ids).filter(pk=row_id).first()
    if found is None and with_computed:
        found = rows.observations(organisation_ids).filter(pk=row_id).first()
    return found


Place = tuple[datetime, UUID]


def _place(row: Row) -> Place:
    return (row.measured_at if isinstance(row, Measurement) else row.as_of), row.pk


def _after(search: Search, organisation_ids: Collection[UUID], *, with_computed: bool) -> Place | None:
    if search.after is None:
        return None
    row = one(search.after, organisation_ids, with_computed=with_computed)
    if row is None or row.patient_id != search.patient_id:
        raise RefusedError(Refusal(CURSOR, "invalid", "Must be the one from the link to the next page."))
    return _place(row)


def _some(found: QuerySet[Row], time_field: str, behind: Place | None, count: int) -> Iterator[Row]:
    if behind is not None:
        time, row_id = behind
        later = Q(**{f"{time_field}__lt": time}) | Q(**{time_field: time, "id__lt": row_id})
        # The plain bound beside it is what an index can use.
        found = found.filter(later, **{f"{time_field}__lte": time})
    return iter(found.order_by(f"-{time_field}", "-id")[: count + 1])
