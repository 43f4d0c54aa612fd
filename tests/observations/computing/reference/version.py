"""How a script of the property is written: its source, and the same thing in plain Python beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.observations.computing.reference.seeing import Seen

TEMPERATURE, GLUCOSE, MEAL = "8310-5", "2339-0", "meal-more"
PRESSURE, SYSTOLIC, DIASTOLIC = "85354-9", "8480-6", "8462-4"
PHQ_9, INTEREST, MOOD = "44249-1", "44250-9", "44255-8"
FIRST = "first_after_activation"
MEANING = {"meaning": {"kind": "interpretation"}}
Given = Mapping[str, Any]
"""The fields of a result, the interpretation, if there is one, among them as `meaning`."""


@dataclass(frozen=True)
class Version:
    """One version of a script, and what it does."""

    source: str
    inputs: dict[str, Any]
    plain: Callable[[Seen], Given]
    outputs: tuple[str, ...] = ("result",)
    """Those that are numbers."""
    others: Mapping[str, Mapping[str, Any]] | None = None

    @property
    def declared_outputs(self) -> dict[str, Any]:
        """As a version declares them."""
        numbers = {name: {"code": f"the-{name}"} for name in self.outputs}
        return {**numbers, **(self.others or {})}


def hours(declared: dict[str, Any], window: float) -> dict[str, Any]:
    """A declared input with a window of so many hours."""
    return {**declared, "window_seconds": int(window * 3600)}


def fact(name: str, **more: object) -> dict[str, Any]:
    """A declared input that is a fact."""
    return {"fact": name, **more}
