"""How far the database's clock can be believed: to one that is behind, all that was written before lies in the future."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from clinical_engine.common.database import database_now, fetch_all

# So much the clocks of the database and of a process may differ.
_ASKEW = timedelta(minutes=1)
# On one machine both clocks leap together, and from less than two days of it no reading of a day can tell which way.
_UNSURE = timedelta(days=2)
_A_MONTH = 30
_LEAST_DAYS_RECORDED = 7


def latest_true() -> datetime | None:
    """The latest time that can stand anywhere and be true, by the database's clock: what is later a clock that was ahead has left.

    None while the clock may be behind: of nothing can be said that it is later than it can be. So it is while the clock differs
    from this process's by more than a minute, or stands among days of which the drivers were read already.
    """
    now = database_now()
    is_askew = abs(timezone.now() - now) > _ASKEW
    return None if is_askew or _is_among_past_days(now.date()) else now + _UNSURE


def _is_among_past_days(today: date) -> bool:
    """Whether the two days after it were recorded, or nearly nothing before it but much after it: a leap ahead leaves a day."""
    [(next_days, before, later)] = fetch_all(
        """
        SELECT count(DISTINCT day) FILTER (WHERE day > %(today)s AND day <= %(today)s::date + 2),
            count(DISTINCT day) FILTER (WHERE day <= %(today)s), count(DISTINCT day) FILTER (WHERE day > %(today)s)
        FROM profiling_driverreading WHERE day > %(since)s
        """,
        {"today": today, "since": today - timedelta(days=_A_MONTH)},
    )
    return bool(next_days == _UNSURE.days or later >= _LEAST_DAYS_RECORDED > before)
