"""Whether the simulator notices an answer that is not the one it must be."""

from typing import Any

import pytest

from observations.simulator.actions import Patient, Progress, Reading, Wanted
from observations.simulator.answering import take_readings, take_retraction, take_statement
from observations.simulator.client import Answer
from tests.observations.simulator.facts import measure, retract, state


def answer(status: int, was_resent: bool = False, **members: Any) -> Answer:  # noqa: FBT001, FBT002
    return Answer(status, members, was_resent)


def result_of(reading: Reading, outcome: str, **members: Any) -> dict[str, Any]:
    return {"client_id": reading.client_id, "outcome": outcome, "measurement": "id-1", **members}


def wrongs(reading: Reading, status: int, outcome: str, **members: Any) -> list[str]:
    answered = answer(status, results=[result_of(reading, outcome, **members)])
    return [difference.what for difference in take_readings([reading], answered, {})]


def test_a_reading_of_an_unknown_patient_must_be_held() -> None:
    reading = measure(Patient("p"), 0)
    assert wrongs(reading, 202, "held") == []
    assert reading.measurement == "id-1"
    assert wrongs(reading, 202, "accepted") == ["the answer"]


def test_a_reading_whose_link_was_seen_must_be_accepted() -> None:
    patient = Patient("p")
    said, reading = state(patient, -1), measure(patient, 0)
    held = answer(202, results=[result_of(reading, "held")])
    assert [one.what for one in take_readings([reading], held, {patient: [said]})] == ["the answer"]
    assert list(take_readings([reading], held, {patient: []})) == []


def test_a_reading_that_was_sent_again_may_be_a_duplicate() -> None:
    reading = measure(Patient("p"), 0)
    assert wrongs(reading, 202, "duplicate") == ["the answer"]
    reading.was_resent = True
    assert wrongs(reading, 202, "duplicate") == []


def test_an_implausible_reading_must_be_flagged_and_no_other_one() -> None:
    strange, plain = measure(Patient("p"), 0, is_implausible=True), measure(Patient("p"), 0)
    assert wrongs(strange, 202, "held", flags=["implausible"]) == []
    assert wrongs(strange, 202, "held") == ["the flags"]
    assert wrongs(plain, 202, "held", flags=["implausible"]) == ["the flags"]


def test_a_refusal_must_have_the_reason_that_was_asked_for() -> None:
    reading = measure(Patient("p"), 0, wanted=Wanted.REFUSED, refusal=("unit", "wrong_unit"))
    other = [{"field": "unit", "code": "unit_missing"}]
    assert wrongs(reading, 422, "refused", errors=[{"field": "unit", "code": "wrong_unit"}]) == []
    assert wrongs(reading, 422, "refused", errors=other) == ["the reason"]
    assert wrongs(reading, 202, "held") == ["the answer", "the reason"]


@pytest.mark.parametrize("wanted", [Wanted.DUPLICATE, Wanted.CONFLICT])
def test_what_comes_again_must_name_the_first_measurement(wanted: Wanted) -> None:
    first = measure(Patient("p"), 0, measurement="id-1")
    again = measure(Patient("p"), 0, wanted=wanted, repeats=first, client_id=first.client_id)
    status = 202 if wanted is Wanted.DUPLICATE else 409
    assert wrongs(again, status, wanted.value) == []
    assert wrongs(again, status, wanted.value, measurement="id-2") == ["the measurement"]


def test_the_status_of_a_request_must_be_that_of_its_worst_item() -> None:
    reading = measure(Patient("p"), 0)
    assert wrongs(reading, 409, "held") == ["the status of its request"]


def test_a_request_that_is_refused_as_a_whole_leaves_its_readings_unanswered() -> None:
    reading = measure(Patient("p"), 0)
    assert [one.found for one in take_readings([reading], answer(422, errors=[]), {})] == ["status 422"]
    assert reading.progress is Progress.UNANSWERED


def test_a_statement_must_be_accepted_once() -> None:
    said = state(Patient("p"), 0)
    assert list(take_statement(said, answer(202, outcome="accepted", patient="id-p"))) == []
    assert said.patient.id == "id-p"
    assert [one.found for one in take_statement(said, answer(202, outcome="duplicate"))] == ["duplicate"]
    assert [one.found for one in take_statement(said, answer(409))] == ["conflict"]
    said.was_resent = True
    assert list(take_statement(said, answer(202, outcome="duplicate"))) == []


def test_a_statement_with_other_content_must_be_in_conflict() -> None:
    said = state(Patient("p"), 0)
    said.wanted = Wanted.CONFLICT
    assert list(take_statement(said, answer(409))) == []
    assert [one.found for one in take_statement(said, answer(202, outcome="accepted"))] == ["accepted"]


def test_a_retraction_must_be_accepted() -> None:
    said = retract(measure(Patient("p"), 0))
    assert list(take_retraction(said, answer(202, outcome="accepted"))) == []
    assert [one.found for one in take_retraction(said, answer(404))] == ["status 404"]
