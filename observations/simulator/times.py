"""When things happened, and when they are said."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

_OFFSETS = [timezone(timedelta(minutes=minutes)) for minutes in (0, 60, -300, 345)]
_YEARS_AGO = timedelta(days=1_100)


@dataclass(slots=True)
class Span:
    """One patient's time: linked for some days until `start`, when the run begins, which takes `duration` seconds."""

    chance: random.Random
    start: datetime
    duration: float
    begin: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Choose since when the patient is active: 2 to 20 days."""
        self.begin = self._ago(self.chance.uniform(2, 20))

    def within(self, number: int) -> list[datetime]:
        """So many different times after the beginning, in order."""
        seconds = int((self.start - self.begin).total_seconds()) - 3600
        return [
            self.begin + timedelta(seconds=second)
            for second in sorted(self.chance.sample(range(1, seconds), number))
        ]

    def measured(self) -> datetime:
        """When a reading was taken: mostly while the patient is active, some before, a few years ago."""
        if self.chance.random() < 0.02:  # noqa: PLR2004
            return self._zoned(self.start - _YEARS_AGO)
        days = (self.start - self.begin) / timedelta(days=1)
        return self._zoned(self._ago(self.chance.uniform(0.001, days + 1)))

    def said_after(self, due: float, least: float, most: float) -> float:
        """When something is said, in seconds after the start, so long after another thing; before it for negative numbers."""
        return min(self.duration, max(0.0, due + self.chance.uniform(least, most)))

    def elsewhere(self, time: datetime) -> datetime:
        """The same instant, written in another zone."""
        return time.astimezone(self.chance.choice([one for one in _OFFSETS if one != time.tzinfo]))

    def _zoned(self, time: datetime) -> datetime:
        return time.astimezone(self.chance.choice(_OFFSETS))

    def _ago(self, days: float) -> datetime:
        return self.start - timedelta(seconds=round(days * 86_400))
