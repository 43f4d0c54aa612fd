"""The scripted observations that every installation starts with, as they go through the same tests as any other script."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class LibraryScript:
    """A script as the library ships it; the fields are those of ScriptVersion."""

    name: str
    title: str
    code: str
    source: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    test_cases: list[dict[str, Any]] = field(default_factory=list)
    # In force since ever: a history that is imported later is computed too.
    effective_from: datetime = datetime(1900, 1, 1, tzinfo=UTC)


GLUCOSE_7D = LibraryScript(
    name="glucose-7d",
    title="Glucose over 7 days: mean, and share within 70 to 180 mg/dL",
    code="glucose-7d",
    source="""\
# Mean, and time in range by the count of readings; 70 to 180 mg/dL is the target range of the
# International Consensus on Time in Range (Battelino et al., Diabetes Care 2019;42:1593).
in_range = [g for g in glucose if g >= 70 and g <= 180]
result = {"mean": mean(glucose), "in_range": 100 * len(in_range) / len(glucose)}
""",
    inputs={
        "glucose": {
            "code": "2339-0",
            "how": "all_within",
            "window_seconds": int(timedelta(days=7).total_seconds()),
        }
    },
    outputs={
        "mean": {"code": "glucose-mean-7d", "unit": "mg/dL"},
        "in_range": {"code": "glucose-in-range-7d", "unit": "%"},
    },
    test_cases=[
        {"inputs": {"glucose": [100, 200]}, "expected": {"mean": 150, "in_range": 50}},
        {"inputs": {"glucose": [70, 180]}, "expected": {"mean": 125, "in_range": 100}},
        {"inputs": {"glucose": [69.9, 180.1]}, "expected": {"mean": 125, "in_range": 0}},
        {"inputs": {"glucose": [60, 120, 150, 210]}, "expected": {"mean": 135, "in_range": 50}},
    ],
)
LIBRARY = (GLUCOSE_7D,)
