"""Writing a recording into silk's tables, and what the engine keeps beside it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from silk.models import Request, Response, SQLQuery

from clinical_engine.common.logs import describe_error
from clinical_engine.profiling.capture.units import unit_of_work
from clinical_engine.profiling.models import ProfiledStatement, Recording
from clinical_engine.profiling.silk.noting import Noted
from clinical_engine.profiling.silk.room import room
from clinical_engine.profiling.silk.sampling import Chosen

logger = logging.getLogger(__name__)
_NOTHING = "{}"
# Beside its texts, with its entries in indexes.
_BYTES_OF_A_STATEMENT, _BYTES_OF_A_REQUEST = 400, 1_200


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded. Requests have their HTTP method and route, others JOB or TASK and a path of the same form.

    A `remark` stands behind the statements; it holds no value either.
    """

    origin: str
    method: str
    path: str
    view_name: str
    begun_at: datetime
    status: int
    remark: str = ""


def save(recorded: Recorded, chosen: Chosen, noted: Noted) -> None:
    """Write it all, in a transaction of its own. Never raises: what is recorded matters less than what was done."""
    if noted.number and (connection.connection is None or connection.connection.closed):
        # It broke meanwhile: where the server is away, a second attempt to reach it would keep everybody waiting.
        return
    try:
        with unit_of_work("silk"), transaction.atomic():
            room.take(_save(recorded, chosen, noted))
    except Exception as error:  # noqa: BLE001 - as said above
        logger.warning("What was recorded for silk is lost: %s", describe_error(error))


def _save(recorded: Recorded, chosen: Chosen, noted: Noted) -> int:
    request = Request(
        path=recorded.path,
        method=recorded.method,
        view_name=recorded.view_name,
        encoded_headers=_NOTHING,
        start_time=recorded.begun_at,
        end_time=timezone.now(),
        num_sql_queries=noted.number,
    )
    request.save(force_insert=True)
    Response.objects.create(request=request, status_code=recorded.status, encoded_headers=_NOTHING)
    rows = [*_rows(request, recorded, noted)]
    # Silk's own would update the request once for each of them.
    QuerySet(SQLQuery).bulk_create(rows)
    size = _BYTES_OF_A_REQUEST + sum(
        _BYTES_OF_A_STATEMENT + len(row.query) + len(row.traceback) for row in rows
    )
    Recording.objects.create(
        request=request,
        started_at=recorded.begun_at,
        origin=recorded.origin,
        window_id=chosen.window,
        bytes=size,
    )
    ProfiledStatement.objects.bulk_create(
        ProfiledStatement(fingerprint=fingerprint, started_at=recorded.begun_at, request=request, times=times)
        for fingerprint, times in noted.times.items()
    )
    return size


def _rows(request: Request, recorded: Recorded, noted: Noted) -> Iterator[SQLQuery]:
    for each in noted.statements:
        yield _row(request, each.shape, each.begun_at, each.ended_at, each.traceback)
    if noted.left_out:
        text = f"-- {noted.left_out:,} more statements are counted, not kept: together they took this long"
        yield _row(request, text, request.end_time - noted.left_out_time, request.end_time)
    if recorded.remark:
        yield _row(request, f"-- {recorded.remark}", request.end_time, request.end_time)


def _row(
    request: Request, text: str, begun_at: datetime, ended_at: datetime, traceback: str = ""
) -> SQLQuery:
    milliseconds = (ended_at - begun_at).total_seconds() * 1000
    return SQLQuery(
        query=text,
        start_time=begun_at,
        end_time=ended_at,
        time_taken=milliseconds,
        request=request,
        traceback=traceback,
    )
