"""Finding recorded requests, batches and tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from clinical_engine.common.database import fetch_all


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """Something that silk recorded; `method` is JOB or TASK where it was no request. Times in milliseconds."""

    id: str
    begun_at: datetime
    method: str
    path: str
    view_name: str
    status: int
    milliseconds: float
    statements: int
    times: int
    """How often the statement ran that was asked for; 0 where none was."""

    @property
    def url(self) -> str:
        """The page of silk that shows its statements."""
        return reverse("silk:request_sql", args=[self.id])


_SHOWN = """
    SELECT r.id, r.start_time, r.method, r.path, coalesce(r.view_name, ''), coalesce(a.status_code, 0),
        coalesce(r.time_taken, 0), r.num_sql_queries
"""


def requests_with(fingerprint: str, limit: int) -> Sequence[RecordedRequest]:
    """The latest in which a statement ran, by its fingerprint; one query, by the order of a key."""
    return _found(
        "s.times",
        """
        FROM (
            SELECT request_id, started_at, times FROM profiling_profiledstatement
            WHERE fingerprint = %s ORDER BY started_at DESC LIMIT %s
        ) AS s
        JOIN silk_request AS r ON r.id = s.request_id LEFT JOIN silk_response AS a ON a.request_id = r.id
        ORDER BY s.started_at DESC
        """,
        [fingerprint, limit],
    )


def requests_of_window(window_id: int, limit: int) -> Sequence[RecordedRequest]:
    """The slowest that a window has recorded and that are still kept; one query."""
    return _found(
        "0",
        """
        FROM profiling_recording AS k
        JOIN silk_request AS r ON r.id = k.request_id LEFT JOIN silk_response AS a ON a.request_id = r.id
        WHERE k.window_id = %s ORDER BY r.time_taken DESC NULLS LAST, r.id LIMIT %s
        """,
        [window_id, limit],
    )


def _found(times: str, rows: str, parameters: Sequence[Any]) -> list[RecordedRequest]:
    return [RecordedRequest(*row) for row in fetch_all(f"{_SHOWN}, {times} {rows}", parameters)]
