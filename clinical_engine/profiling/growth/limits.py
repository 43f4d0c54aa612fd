"""What a statement must not exceed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Of a duration by the limit of that name, and our policy for parameters and values."""

    duration_us: float
    duration_name: str
    parameters: int = 65_535
    values: int = 65_535
