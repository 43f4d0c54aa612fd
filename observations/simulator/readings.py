"""What is sent of one patient's readings: plain ones, and everything that can come after or before them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from observations.simulator.actions import Content, Patient, Reading, Retraction, Single, Wanted
from observations.simulator.contents import Made, make_glucose, make_reading, make_refusable
from observations.simulator.times import Span

_SAME_TIME, _IN_ERROR = 0.08, 0.04
_SOON = 0.3, 2.5


def plan_readings(patient: Patient, span: Span, window: tuple[float, float], number: int) -> None:
    """Plan so many readings, the first sendings between the two times of the `window` (seconds after the start)."""
    planner = _Planner(patient, span, window)
    for _ in range(number):
        planner.add()


class _Planner:
    def __init__(self, patient: Patient, span: Span, window: tuple[float, float]) -> None:
        self._patient, self._span, self._window = patient, span, window
        self._chance = span.chance
        self._replaced: set[str] = set()
        self._kinds: dict[Callable[[], None], int] = {
            self._plain: 85,
            self._duplicate: 5,
            self._conflict: 3,
            self._refusable: 2,
            self._replacement: 5,
        }

    def add(self) -> None:
        """Plan one more reading, of a kind left to chance."""
        # What is plain comes first: there must be something to repeat.
        [kind] = self._chance.choices(list(self._kinds), list(self._kinds.values()))
        if not self._patient.readings:
            kind = self._plain
        kind()

    def _plain(self) -> None:
        reading = self._new(make_reading(self._chance))
        known = self._patient.readings
        if known and self._chance.random() < _SAME_TIME:
            reading.measured_at = self._chance.choice(known).measured_at
        self._patient.actions.append(reading)
        if self._chance.random() < _IN_ERROR:
            self._retract(reading)

    def _refusable(self) -> None:
        reading = self._new(make_refusable(self._chance))
        reading.wanted = Wanted.REFUSED
        if self._chance.random() < 0.2:  # noqa: PLR2004
            reading.measured_at += timedelta(days=40_000)
            reading.refusal = ("measured_at", "in_the_future")
        self._patient.actions.append(reading)

    def _duplicate(self) -> None:
        again = self._again(self._any(), Wanted.DUPLICATE)
        again.measured_at = self._span.elsewhere(again.measured_at)

    def _conflict(self) -> None:
        first = self._any()
        again = self._again(first, Wanted.CONFLICT)
        if (other := _otherwise(first.content)) is not None:
            again.content = other
        else:
            again.measured_at -= timedelta(minutes=1)

    def _replacement(self) -> None:
        target = self._any()
        if target.client_id in self._replaced:
            self._plain()
            return
        self._replaced.add(target.client_id)
        correction = self._new(make_glucose(self._chance))
        correction.measured_at, correction.replaces = target.measured_at, target.client_id
        if self._chance.random() < 0.4 and target.needs is None:  # noqa: PLR2004
            target.needs, correction.due = correction, self._span.said_after(target.due, -2, -0.2)
        else:
            correction.needs, correction.due = target, self._span.said_after(target.due, *_SOON)
        self._patient.actions.append(correction)

    def _retract(self, target: Reading) -> None:
        retraction = Retraction(
            patient=self._patient, client_id=target.client_id, due=target.due, target=target
        )
        if self._chance.random() < 0.4:  # noqa: PLR2004
            target.needs, retraction.due = retraction, self._span.said_after(target.due, -2, -0.2)
        else:
            retraction.needs, retraction.due = target, self._span.said_after(target.due, *_SOON)
            retraction.by_id = self._chance.random() < 0.5  # noqa: PLR2004
        self._patient.actions.append(retraction)

    def _any(self) -> Reading:
        return self._chance.choice(self._patient.readings)

    def _again(self, first: Reading, wanted: Wanted) -> Reading:
        again = replace(
            first,
            wanted=wanted,
            repeats=first,
            needs=first,
            due=self._span.said_after(first.due, *_SOON),
        )
        self._patient.actions.append(again)
        return again

    def _new(self, made: Made) -> Reading:
        return Reading(
            patient=self._patient,
            client_id=f"{self._patient.external_id}/m{len(self._patient.actions)}",
            due=self._chance.uniform(*self._window),
            content=made.content,
            is_implausible=made.is_implausible,
            refusal=made.refusal,
            measured_at=self._span.measured(),
        )


def _otherwise(content: Content) -> Content | None:
    """Another number in its place; None of what is no number."""
    if isinstance(content, Single) and isinstance(content.value, Decimal):
        return replace(content, value=content.value + 1)
    return None
