"""What is known of the planted query, week by week."""

from collections.abc import Sequence
from dataclasses import dataclass

MONTH = 365.25 / 12
"""In days."""
POLICY = 65_535
"""Parameters that a statement may have."""


@dataclass(frozen=True)
class Week:
    """What was known at the end of a simulated day, of the planted query and of how many others; None where no day was named.

    Days are counted from the first, at which the simulation begins.
    """

    day: int
    active: int
    parameters: int
    flagged: bool
    limit_name: str
    on: int | None
    earliest: int | None
    latest: int | None
    reason: str
    others: int
    others_flagged: Sequence[str]
