"""Failed work by cause: counted for each look while it is little, from time to time when it is much."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import Now

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs.models import FailureGroup, Job, PeriodicRun
from clinical_engine.jobs.selectors import counted
from clinical_engine.jobs.states import FAILED

# Counting takes time with the number of failed jobs: beyond this a look at the desk must not wait for it.
LIVE_UP_TO = 20_000
HOURS = 48
COUNTING = "failure_groups"
# More causes than anybody reads; every one of them is still found by the list's filters.
KEPT = 1_000
# A count is followed by a rest of nineteen times its length: it never takes more than a twentieth of the time.
_REST = 19
# Any number that no other advisory lock of this database uses.
_LOCK = 7_301_002

_AGGREGATE = """
    WITH trend AS (
        SELECT fingerprint, hours_ago, count(*) AS jobs FROM (
            SELECT fingerprint,
                   greatest(0, floor(extract(epoch FROM statement_timestamp() - finished_at) / 3600))::int AS hours_ago
            FROM jobs_job
            WHERE state IN ('dead', 'invalid_payload') AND finished_at > statement_timestamp() - interval '48 hours'
        ) AS young GROUP BY fingerprint, hours_ago
    ), hourly AS (
        SELECT fingerprint, jsonb_object_agg(hours_ago, jobs) AS hours FROM trend GROUP BY fingerprint
    ), grouped AS (
        SELECT fingerprint, count(*) AS jobs, count(DISTINCT patient_id) AS patients,
               count(DISTINCT organisation_id) AS organisations, to_jsonb(array_agg(DISTINCT kind)) AS kinds,
               to_jsonb(array_agg(DISTINCT claimed_release)) AS releases, max(error) AS error,
               min(finished_at) AS first_failed_at, max(finished_at) AS last_failed_at
        FROM jobs_job WHERE state IN ('dead', 'invalid_payload') GROUP BY fingerprint
    )
    SELECT fingerprint, jobs, patients, organisations, kinds, releases, error, first_failed_at, last_failed_at,
           COALESCE(hours, '{{}}'), statement_timestamp(), count(*) OVER (), sum(jobs) OVER ()
    FROM grouped LEFT JOIN hourly USING (fingerprint) ORDER BY {order} LIMIT %s
"""


class Order(StrEnum):
    """What comes first."""

    JOBS = "jobs"
    LAST = "last"


# Of each order: what stands in the statement, and what a QuerySet is given.
_ORDERS: Mapping[Order, tuple[str, tuple[str, ...]]] = {
    Order.JOBS: ("jobs DESC, fingerprint", ("-jobs", "fingerprint")),
    Order.LAST: ("last_failed_at DESC, fingerprint", ("-last_failed_at", "fingerprint")),
}


@dataclass(frozen=True, slots=True)
class Causes:
    """The first causes of failure in the asked order, and how many causes and failed jobs there are in all.

    `counted_at` is when that was so; None for numbers that were counted for this look. `pending` says that the failed jobs are
    too many to be counted at once and have not been counted yet.
    """

    groups: Sequence[FailureGroup]
    causes: int = 0
    jobs: int = 0
    counted_at: datetime | None = None
    pending: bool = False


def causes(order: Order, limit: int) -> Causes:
    """Failed work by cause in three statements at most: up to 20,000 failed jobs as they are now, more as last counted."""
    if not _are_many():
        return _aggregated(order, limit)
    groups = list(FailureGroup.objects.order_by(*_ORDERS[order][1])[:limit])
    if not groups:
        return Causes([], pending=True)
    kept = FailureGroup.objects.aggregate(causes=Count("pk"), jobs=Sum("jobs"))
    return Causes(groups, kept["causes"], kept["jobs"], groups[0].counted_at)


@transaction.atomic
def count_anew() -> bool:
    """Count the causes of failure anew for the desk, when they are many and the rest since the last time is over.

    False when nothing was due, or another process is at it.
    """
    if not fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])[0][0] or not _has_rested():
        return False
    FailureGroup.objects.all().delete()
    if _are_many():
        FailureGroup.objects.bulk_create(_aggregated(Order.JOBS, KEPT).groups)
    PeriodicRun.objects.update_or_create(name=COUNTING, defaults={"last_run_at": Now()})
    return True


def _are_many() -> bool:
    return counted(Job.objects.filter(state__in=FAILED), LIVE_UP_TO + 1) > LIVE_UP_TO


def _has_rested() -> bool:
    # By the database's clock alone: how long the last count took lies between its snapshot and its end.
    rests = fetch_all(
        """
        SELECT FROM jobs_periodicrun run
        WHERE run.name = %s AND clock_timestamp() < run.last_run_at
              + %s * (run.last_run_at - (SELECT min(counted_at) FROM jobs_failuregroup))
        """,
        [COUNTING, _REST],
    )
    return not rests


def _aggregated(order: Order, limit: int) -> Causes:
    rows = fetch_all(_AGGREGATE.format(order=_ORDERS[order][0]), [limit])
    if not rows:
        return Causes([])
    return Causes([_group(row) for row in rows], causes=rows[0][11], jobs=int(rows[0][12]))


def _group(row: Sequence[Any]) -> FailureGroup:
    hours = json.loads(row[9])
    return FailureGroup(
        fingerprint=row[0],
        jobs=row[1],
        patients=row[2],
        organisations=row[3],
        kinds=json.loads(row[4]),
        releases=[release for release in json.loads(row[5]) if release],
        error=row[6],
        first_failed_at=row[7],
        last_failed_at=row[8],
        hours=[hours.get(str(hours_ago), 0) for hours_ago in range(HOURS - 1, -1, -1)],
        counted_at=row[10],
    )
