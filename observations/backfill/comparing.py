"""What becomes of a script's results, counted: which values change, from what to what, and by how much."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from observations.backfill.histogram import Histogram
from observations.computing.evaluating import Outcome
from observations.computing.loading import Current
from observations.computing.times import moment
from observations.engine.values import Scalar
from observations.models import BackfillExample
from observations.scripts.outputs import Output

INTERPRETATION = "interpretation"
"""The name that a result's interpretation goes under, beside its outputs."""
ARROW = " → "
_MOST_TRANSITIONS = 50
_OTHERS = "others"
_LONGEST_VALUE = 60
Values = Mapping[str, Scalar]


class Change(NamedTuple):
    """A result whose value is another one now: its outputs before and after, none of them where there is no value."""

    at: int
    before: Values
    after: Values

    @property
    def size(self) -> float:
        """By how much the number that changes most does; 0 where none does."""
        each = [_difference(value, self.after.get(name)) for name, value in self.before.items()]
        return max((abs(difference) for difference in each if difference is not None), default=0.0)


def changes_of(script_id: str, outcome: Outcome) -> list[Change]:
    """The changes of one patient's results of the script; a result that has other sources but the same value is none."""
    results = [result for result in outcome.results if result.script_id == script_id]
    replaced = {result.at for result in results}
    ended = [one for one in outcome.ended if one.script_id == script_id and one.at not in replaced]
    return [
        change
        for change in (
            *(Change(each.at, _before(each.instead_of), _after(each.output)) for each in results),
            *(Change(each.at, _before(each.current), {}) for each in ended),
        )
        if change.before != change.after
    ]


def gone(script_id: str, outcome: Outcome) -> int:
    """How many of the patient's results of the script end as of times at which none is due any more."""
    ended = {one.at for one in outcome.ended if one.script_id == script_id}
    due = {one.at for one in outcome.results if one.script_id == script_id}
    failed = {one.at for one in outcome.failures if one.script.id == script_id}
    return len(ended - due - failed)


def _before(current: Current | None) -> Values:
    values = None if current is None else current.values
    if current is None or values is None:
        return {}
    return values | {INTERPRETATION: current.interpretation} if current.interpretation else values


def _after(output: Output | None) -> Values:
    if output is None:
        return {}
    if not output.interpretation:
        return output.values
    return output.values | {INTERPRETATION: output.interpretation}


@dataclass(slots=True)
class OutputChanges:
    """What became of one output; `differences` and their histogram are of numbers, `transitions` of whatever else."""

    changed: int = 0
    appeared: int = 0
    vanished: int = 0
    differences: int = 0
    total: float = 0.0
    smallest: float | None = None
    largest: float | None = None
    histogram: Histogram = field(default_factory=Histogram)
    transitions: Counter[str] = field(default_factory=Counter)

    @classmethod
    def stored(cls, stored: Mapping[str, Any]) -> "OutputChanges":
        """As `as_json` gave it."""
        parts = {
            "histogram": Histogram.stored(stored["histogram"]),
            "transitions": Counter(stored["transitions"]),
        }
        return cls(**{**stored, **parts})

    @property
    def as_json(self) -> dict[str, Any]:
        """For the row of the backfill."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return plain | {"histogram": self.histogram.as_json, "transitions": dict(self.transitions)}

    @property
    def mean(self) -> float | None:
        """The mean difference of the numbers that changed."""
        return self.total / self.differences if self.differences else None

    def add(self, pairs: list[tuple[Scalar | None, Scalar | None]]) -> None:
        """Count values that became others; None where there was or is none."""
        numbers: list[float] = []
        for before, after in pairs:
            self.changed += 1
            self.appeared += before is None
            self.vanished += after is None
            difference = _difference(before, after)
            if difference is not None:
                numbers.append(difference)
            elif before is not None and after is not None:
                self._count_transition(f"{_shown(before)}{ARROW}{_shown(after)}")
        self._add_numbers(numbers)

    def _add_numbers(self, differences: list[float]) -> None:
        if not differences:
            return
        self.differences += len(differences)
        self.total += sum(differences)
        self.smallest = min(differences + ([] if self.smallest is None else [self.smallest]))
        self.largest = max(differences + ([] if self.largest is None else [self.largest]))
        self.histogram.add(differences)

    def _count_transition(self, transition: str) -> None:
        known = transition in self.transitions or len(self.transitions) < _MOST_TRANSITIONS
        self.transitions[transition if known else _OTHERS] += 1


def add_changes(stored: Mapping[str, Any], changes: list[Change]) -> dict[str, Any]:
    """The changes of a slice added to those that are stored, by output."""
    found = {name: OutputChanges.stored(one) for name, one in stored.items()}
    pairs: dict[str, list[tuple[Scalar | None, Scalar | None]]] = {}
    for change in changes:
        for name in change.before.keys() | change.after.keys():
            before, after = change.before.get(name), change.after.get(name)
            if before != after:
                pairs.setdefault(name, []).append((before, after))
    for name in sorted(pairs):
        found.setdefault(name, OutputChanges()).add(pairs[name])
    return {name: one.as_json for name, one in found.items()}


def examples_of(backfill_id: UUID, changes: Mapping[UUID, list[Change]]) -> Iterator[BackfillExample]:
    """Of each patient with changes the one that changes most."""
    for patient, found in changes.items():
        if found:
            most = max(found, key=lambda change: change.size)
            yield BackfillExample(
                backfill_id=backfill_id,
                patient_id=patient,
                as_of=moment(most.at),
                before=dict(most.before) or None,
                after=dict(most.after) or None,
            )


def _difference(before: Scalar | None, after: Scalar | None) -> float | None:
    """By how much a number became greater; None where one of the two is none. A boolean is no number."""
    if isinstance(before, bool) or isinstance(after, bool):
        return None
    if isinstance(before, int | float) and isinstance(after, int | float):
        return float(after) - float(before)
    return None


def _shown(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)[:_LONGEST_VALUE]
