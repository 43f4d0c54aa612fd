"""Whether the capture runs short of room for new statements, and what takes it."""

from dataclasses import dataclass
from datetime import timedelta

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.capture import storing

_SHORT_ABOVE = 0.9
_WITHIN = timedelta(hours=1)
# A release brings some, and the one or other is sent once in a month.
_USUAL = 100


@dataclass(frozen=True, slots=True)
class Crowding:
    """How many statements are known, and how many came within the last hour; of these most are sent from one place."""

    known: int
    new: int
    origin: str
    place: str

    def __str__(self) -> str:
        return (
            f"{self.known:,} statements are known, of {storing.MOST_STATEMENTS:,} that may be, and {self.new:,} of them were new"
            f" within the last hour, most from {self.place or 'Django itself'} ({self.origin}): does it put values into texts?"
            " What ran a few times gives way to them."
        )


def crowding() -> Crowding | None:
    """None while there is room, or nothing takes it; one query for so many, and another one otherwise."""
    [(known,)] = fetch_all("SELECT count(*) FROM profiling_capturedstatement")
    if known <= storing.MOST_STATEMENTS * _SHORT_ABOVE:
        return None
    rows = fetch_all(
        """
        SELECT (sum(count(*)) OVER ())::bigint, origin, place FROM profiling_capturedstatement
        WHERE first_seen_at > now() - %s GROUP BY origin, place ORDER BY count(*) DESC, origin, place LIMIT 1
        """,
        [_WITHIN],
    )
    found = [Crowding(known, new, origin, place) for new, origin, place in rows if new > _USUAL]
    return found[0] if found else None
