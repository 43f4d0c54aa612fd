"""What was refused, in sums: for people, and for the probe that notices a rise."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet, Sum
from django.utils import timezone

from clinical_engine.common.database import execute, fetch_all
from observations.models import RefusalCount

KEPT = timedelta(days=90)
# Fewer than this are no rise: a person types, a device is tried out.
FLOOR = 20
TIMES_THE_USUAL = 3
# An alarm about the last day ends when nothing was refused for as long as this.
_STILL_GOING_ON_HOURS = 6
_FORGOTTEN_AT_ONCE = 5_000
# Any number that no other advisory lock of this database uses.
_LOCK = 7_305_001


def sums(*by: str, api_client_id: UUID | None = None) -> QuerySet[RefusalCount, dict[str, Any]]:
    """Refusals of the last 7 days by the columns `by`: `day`, `week` and `last`, those with the most of the last 24 hours first.

    Counts are by the hour, so that the hour in which the stretch begins is in it as a whole.
    """
    now = timezone.now()
    rows = RefusalCount.objects.filter(hour__gt=now - timedelta(days=7, hours=1))
    if api_client_id is not None:
        rows = rows.filter(api_client=api_client_id)
    summed: QuerySet[RefusalCount, dict[str, Any]] = (
        rows.values(*by)
        .annotate(
            day=Sum("number", filter=Q(hour__gt=now - timedelta(hours=25)), default=0),
            week=Sum("number"),
            last=Max("last_at"),
        )
        .order_by(F("day").desc(), F("week").desc(), *by)
    )
    return summed


def rising() -> Sequence[UUID]:
    """The API clients whose refusals are many more than usual. One query over 8 days of counts, however many readings.

    They are where at least `FLOOR` are more than `TIMES_THE_USUAL` times the usual:
    - in the running or in the last full hour; the usual is what the three hours around the same time of day had, on the average
      of the 7 days before. A night's upload that is refused every night is no rise.
    - in the last 24 hours, while it goes on; the usual is an average day of the 7 days before them. Forty patients who send once
      a day never fill an hour.
    What staff import has its report, and is not among them.
    """
    return [client for (client,) in fetch_all(_RISING, _LIMITS)]


_LIMITS: Mapping[str, int] = {"floor": FLOOR, "times": TIMES_THE_USUAL, "going_on": _STILL_GOING_ON_HOURS}
_RISING = """
    WITH counted AS (
        SELECT api_client_id AS client, number,
               round(extract(epoch FROM date_trunc('hour', now(), 'UTC') - hour) / 3600)::int AS hours_ago
        FROM observations_refusalcount
        WHERE hour >= date_trunc('hour', now(), 'UTC') - interval '192 hours' AND api_client_id IS NOT NULL
    ), summed AS (
        SELECT client,
               coalesce(sum(number) FILTER (WHERE hours_ago = 0), 0) AS running,
               coalesce(sum(number) FILTER (WHERE hours_ago BETWEEN 23 AND 169 AND hours_ago %% 24 IN (23, 0, 1)), 0) / 7.0
                   AS usual_running,
               coalesce(sum(number) FILTER (WHERE hours_ago = 1), 0) AS last,
               coalesce(sum(number) FILTER (WHERE hours_ago BETWEEN 24 AND 170 AND hours_ago %% 24 IN (0, 1, 2)), 0) / 7.0
                   AS usual_last,
               coalesce(sum(number) FILTER (WHERE hours_ago <= 24), 0) AS day,
               coalesce(sum(number) FILTER (WHERE hours_ago BETWEEN 25 AND 192), 0) / 7.0 AS usual_day,
               coalesce(sum(number) FILTER (WHERE hours_ago <= %(going_on)s), 0) AS lately
        FROM counted GROUP BY client
    )
    SELECT client FROM summed
    WHERE (running >= %(floor)s AND running > %(times)s * usual_running)
       OR (last >= %(floor)s AND last > %(times)s * usual_last)
       OR (day >= %(floor)s AND day > %(times)s * usual_day AND lately > 0)
    ORDER BY client
"""


def forget_old(now: datetime) -> int:
    """Delete counts that are older than 90 days, some thousands at a time; how many. Two schedulers at once are harmless."""
    with transaction.atomic():
        if not fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])[0][0]:
            return 0
        return execute(
            """
            DELETE FROM observations_refusalcount
            WHERE id IN (SELECT id FROM observations_refusalcount WHERE hour < %s ORDER BY hour LIMIT %s)
            """,
            [now - KEPT, _FORGOTTEN_AT_ONCE],
        )
