"""How fast a bulk rerun goes, and what stops it."""

from dataclasses import dataclass

from clinical_engine.common.errors import Refusal, RefusedError

HIGHEST_RATE = 1_000
LARGEST_CANARY = 1_000
# What is set going cannot be called back: at most this many seconds' worth of jobs is under way.
SECONDS_IN_FLIGHT = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """`rate` jobs a second at most; the first `canary` are waited for; when more than `failed_share` per cent fail it pauses."""

    rate: int = 50
    canary: int = 20
    failed_share: int = 10

    def check(self) -> None:
        """Raises RefusedError for numbers that are out of range."""
        refusals = [
            Refusal(name, "out_of_range", f"is a whole number from {lowest} to {highest:,}.")
            for name, lowest, highest in RANGES
            if not lowest <= getattr(self, name) <= highest
        ]
        if refusals:
            raise RefusedError(*refusals)


RANGES = (("rate", 1, HIGHEST_RATE), ("canary", 0, LARGEST_CANARY), ("failed_share", 0, 100))
