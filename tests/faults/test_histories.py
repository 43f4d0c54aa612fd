"""The made-up histories hold what the scenarios need, or they would prove little."""

from itertools import pairwise

from patients.periods import Said
from tests.faults.expectation import expected_state
from tests.faults.histories import Fact, Request, Statement, World, client_id_of, made_up_requests
from tests.faults.rounds import SHORT

WORLD = World("organisation", ("submitter-a", "submitter-b"), "key")
SENT = made_up_requests(SHORT.seeds[0], SHORT.patients)
FACTS: dict[str, Fact] = {client_id_of(fact): fact for request in SENT for fact in request.facts}


def said_about_pairs() -> list[list[Said]]:
    pairs: dict[tuple[str, int], list[Said]] = {}
    for fact in FACTS.values():
        if isinstance(fact, Statement):
            pairs.setdefault((fact.patient, fact.submitter), []).append(fact.said)
    return [sorted(said) for said in pairs.values()]


def test_the_same_seed_makes_the_same_history_and_another_seed_another() -> None:
    assert made_up_requests(1, 5) == made_up_requests(1, 5)
    assert made_up_requests(1, 5) != made_up_requests(2, 5)


def test_patients_are_activated_deactivated_and_activated_again_with_both_submitters() -> None:
    assert {request.path for request in SENT} == {"activations", "deactivations", "measurements"}
    changes = [(one.active, other.active) for said in said_about_pairs() for one, other in pairwise(said)]
    assert {(True, False), (False, True), (True, True)} <= set(changes)
    assert {fact.submitter for fact in FACTS.values() if isinstance(fact, Statement)} == {0, 1}


def test_some_requests_are_sent_twice() -> None:
    again: set[Request] = {request for request in SENT if SENT.count(request) > 1}
    assert len(again) >= len(SENT) // 20


def test_readings_come_before_and_after_the_link_that_they_count_by_and_some_never_count() -> None:
    state = expected_state(FACTS.values(), WORLD)
    covered = [client_id for client_id, link in state.covered_by if link is not None]
    assert 0 < len(covered) < len(state.covered_by)
    order = [client_id_of(fact) for request in SENT for fact in request.facts]
    first_activation = {patient: order.index(f"{patient}/s0") for patient, *_ in state.links}
    earlier = [order.index(reading) < first_activation[reading.partition("/")[0]] for reading in covered]
    assert {True, False} <= set(earlier)
