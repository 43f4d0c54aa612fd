"""Deleting what silk has recorded, the oldest first, a slice at a time."""

from collections.abc import Sequence
from time import monotonic

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from clinical_engine.audit import services as audit
from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.profiling.capture.units import unit_of_work
from clinical_engine.profiling.silk.room import MOST_BYTES

# Any number that no other advisory lock of this database uses.
_LOCK = 7_305_122
# Each may have a thousand statements.
_SLICE = 100
# From the rows that others refer to, last.
_TABLES = (
    """
    silk_profile_queries USING silk_profile AS p
    WHERE silk_profile_queries.profile_id = p.id AND p.request_id = ANY(%(ids)s::varchar[])
    """,
    "silk_profile WHERE request_id = ANY(%(ids)s::varchar[])",
    "silk_sqlquery WHERE request_id = ANY(%(ids)s::varchar[])",
    "silk_response WHERE request_id = ANY(%(ids)s::varchar[])",
    "profiling_profiledstatement WHERE request_id = ANY(%(ids)s::varchar[])",
    "profiling_recording WHERE request_id = ANY(%(ids)s::varchar[])",
    "silk_request WHERE id = ANY(%(ids)s::varchar[])",
)


@transaction.atomic
def forget_all(*, actor: AbstractBaseUser) -> int:
    """Delete what silk has recorded, as `forget_the_oldest` does, in one transaction with its audit entry; how many requests."""
    deleted = forget_the_oldest(most_requests=0)
    target = audit.Target("profiled_requests", "all", details={"deleted": deleted})
    audit.record(actor=actor, action="profiled_requests.delete", targets=[target])
    return deleted


def forget_the_oldest(
    *, most_requests: int | None = None, most_bytes: int = MOST_BYTES, seconds: float = 25.0
) -> int:
    """Delete the oldest recordings until so many requests and bytes are left; how many were deleted.

    By default SILKY_MAX_RECORDED_REQUESTS stay. It ends after `seconds`; the next run goes on.
    """
    most = settings.SILKY_MAX_RECORDED_REQUESTS if most_requests is None else most_requests
    surplus = fetch_all(
        """
        SELECT id FROM (
            SELECT r.id, r.start_time, row_number() OVER latest AS place, sum(coalesce(k.bytes, 0)) OVER latest AS bytes
            FROM silk_request AS r LEFT JOIN profiling_recording AS k ON k.request_id = r.id
            WINDOW latest AS (ORDER BY r.start_time DESC, r.id ROWS UNBOUNDED PRECEDING)
        ) AS ranked
        WHERE place > %s OR bytes > %s ORDER BY start_time, id
        """,
        [most, most_bytes],
    )
    ids, until, deleted = [key for (key,) in surplus], monotonic() + seconds, 0
    for first in range(0, len(ids), _SLICE):
        # A unit for each slice: the same statements in slice after slice are no query for each row.
        with unit_of_work("silk"):
            if monotonic() > until or not _delete(ids[first : first + _SLICE]):
                break
        deleted += len(ids[first : first + _SLICE])
    return deleted


@transaction.atomic
def _delete(ids: Sequence[str]) -> bool:
    """False: another scheduler is at it."""
    if not fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])[0][0]:
        return False
    for rows in _TABLES:
        execute(f"DELETE FROM {rows}", {"ids": array_literal(ids)})  # noqa: S608 - our own words
    return True
