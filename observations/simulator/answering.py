"""Whether an answer is the one that the contract promises; what it says is noted on the actions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from observations.simulator.actions import Action, Patient, Progress, Reading, Retraction, Statement, Wanted
from observations.simulator.client import Answer
from observations.simulator.expectation import possible_outcomes


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it must be. `about` is an id that the simulator made up."""

    about: str
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.about}: {self.what} should be {self.expected}, is {self.found}"


Certain = Mapping[Patient, Sequence[Statement]]
"""The statements of each patient that had been seen to show before a request was sent."""


def take_statement(said: Statement, answer: Answer) -> Iterator[Difference]:
    """What is wrong with the answer to an activation or a deactivation."""
    if answer.status == HTTPStatus.ACCEPTED:
        found = str(answer.members.get("outcome"))
        said.patient.id = answer.members.get("patient") or said.patient.id
    else:
        found = "conflict" if answer.status == HTTPStatus.CONFLICT else f"status {answer.status}"
    wanted = {Wanted.STORED: {"accepted"}, Wanted.DUPLICATE: {"duplicate"}}.get(said.wanted, {"conflict"})
    if said.was_resent and said.wanted is Wanted.STORED:
        wanted |= {"duplicate"}
    said.outcome = found
    yield from _compared(said, "the answer", wanted, found)


def take_retraction(said: Retraction, answer: Answer) -> Iterator[Difference]:
    """What is wrong with the answer to 'entered in error'."""
    found = str(answer.members.get("outcome", f"status {answer.status}"))
    wanted = {"accepted", "duplicate"} if said.was_resent else {"accepted"}
    said.outcome = found
    yield from _compared(said, "the answer to entered-in-error", wanted, found)


def take_readings(readings: Sequence[Reading], answer: Answer, certain: Certain) -> Iterator[Difference]:
    """What is wrong with the answer to a request of readings."""
    results = answer.members.get("results")
    if not isinstance(results, list) or len(results) != len(readings):
        for reading in readings:
            reading.progress = Progress.UNANSWERED
            yield Difference(reading.client_id, "the answer", "one of its own", f"status {answer.status}")
        return
    for reading, result in zip(readings, results, strict=True):
        yield from _take_result(reading, result, certain.get(reading.patient, ()))
    yield from _compared(readings[0], "the status of its request", {_status(readings)}, str(answer.status))


def _take_result(
    reading: Reading, result: Mapping[str, Any], certain: Sequence[Statement]
) -> Iterator[Difference]:
    reading.outcome, reading.measurement = str(result.get("outcome")), result.get("measurement")
    yield from _compared(reading, "the name", {reading.client_id}, str(result.get("client_id")))
    yield from _compared(reading, "the answer", _wanted(reading, certain), reading.outcome)
    if reading.outcome in {"accepted", "held"}:
        flags = {"['implausible']" if reading.is_implausible else "[]"}
        yield from _compared(reading, "the flags", flags, str(result.get("flags", [])))
    if reading.refusal is not None:
        found = [(error.get("field"), error.get("code")) for error in result.get("errors", ())]
        if reading.refusal not in found:
            yield Difference(reading.client_id, "the reason", str(reading.refusal), str(found))
    if reading.repeats is not None:
        first = {str(reading.repeats.measurement)}
        yield from _compared(reading, "the measurement", first, str(reading.measurement))


def _wanted(reading: Reading, certain: Sequence[Statement]) -> set[str]:
    if reading.wanted is not Wanted.STORED:
        return {reading.wanted.value}
    perhaps = [said for said in reading.patient.statements if said.progress is not Progress.PLANNED]
    possible = possible_outcomes(certain, perhaps, reading.measured_at)
    return possible | {"duplicate"} if reading.was_resent else possible


def _status(readings: Sequence[Reading]) -> str:
    outcomes = {reading.outcome for reading in readings}
    if "refused" in outcomes:
        return str(HTTPStatus.UNPROCESSABLE_ENTITY.value)
    return str((HTTPStatus.CONFLICT if "conflict" in outcomes else HTTPStatus.ACCEPTED).value)


def _compared(action: Action, what: str, wanted: set[str], found: str) -> Iterator[Difference]:
    if found not in wanted:
        yield Difference(action.client_id, what, " or ".join(sorted(wanted)), found)
