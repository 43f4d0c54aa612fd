"""What is said of one patient's being active."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from observations.simulator.actions import Patient, Statement, Wanted
from observations.simulator.times import Span

# Shares, among all patients.
_DEACTIVATED, _BETWEEN, _DUPLICATE, _CONFLICT = 0.15, 0.7, 0.05, 0.02


def plan_statements(patient: Patient, span: Span, dues: Sequence[float]) -> None:
    """Say that the patient becomes active at each of the `dues`, inactive between some of them and sometimes at the end.

    An 'inactive' may be said before the 'active' that comes before it in time. Some statements come twice, some with other content.
    """
    states = _states(span, len(dues))
    times = [span.begin, *span.within(len(states) - 1)]
    remaining = iter(dues)
    due = 0.0
    for active, time in zip(states, times, strict=True):
        due = next(remaining) if active else span.said_after(due, -1, 3)
        _say(patient, span, due, active=active, time=time)
    _repeat(patient, span)


def _states(span: Span, activations: int) -> list[bool]:
    states = [True]
    for _ in range(activations - 1):
        states += [False, True] if span.chance.random() < _BETWEEN else [True]
    return [*states, False] if span.chance.random() < _DEACTIVATED else states


def _say(patient: Patient, span: Span, due: float, *, active: bool, time: datetime) -> None:
    name = f"{patient.external_id}/s{len(patient.actions)}"
    patient.actions.append(
        Statement(patient=patient, client_id=name, due=due, active=active, effective_at=span.elsewhere(time))
    )


def _repeat(patient: Patient, span: Span) -> None:
    said = span.chance.choice(patient.statements)
    rolled = span.chance.random()
    if rolled < _DUPLICATE:
        _say_again(said, span, Wanted.DUPLICATE, span.elsewhere(said.effective_at))
    elif rolled < _DUPLICATE + _CONFLICT:
        _say_again(said, span, Wanted.CONFLICT, said.effective_at - timedelta(hours=1))


def _say_again(said: Statement, span: Span, wanted: Wanted, time: datetime) -> None:
    said.patient.actions.append(
        Statement(
            patient=said.patient,
            client_id=said.client_id,
            due=span.said_after(said.due, 0.2, 2),
            needs=said,
            active=said.active,
            effective_at=time,
            wanted=wanted,
        )
    )
