"""What a run sends, decided before it starts."""

from datetime import UTC, datetime
from typing import Any

from observations.simulator import Options, Target
from observations.simulator.actions import Action, Reading, Retraction, Statement, Wanted
from observations.simulator.planning import Plan, plan
from tests.factories import NOON

HERE = Target("http://127.0.0.1:1", "key", "organisation", "submitter")


def planned(**fields: Any) -> Plan:
    given: dict[str, Any] = {
        "run": "r",
        "rate": 20,
        "duration": 10,
        "measurements_rate": 200,
        "patients": 180,
    }
    return plan(Options(target=HERE, **{**given, **fields}), NOON)


def shape(actions: Plan) -> list[object]:
    return [
        (
            type(action).__name__,
            action.client_id,
            action.due,
            action.as_json() if isinstance(action, Reading) else "",
        )
        for action in actions.actions
    ]


def test_the_same_seed_sends_the_same() -> None:
    assert shape(planned(seed=7)) == shape(planned(seed=7))
    assert shape(planned(seed=7)) != shape(planned(seed=8))


def test_runs_share_no_ids() -> None:
    first, second = planned(run="a"), planned(run="b")
    assert not {one.client_id for one in first.actions} & {one.client_id for one in second.actions}
    assert not {one.external_id for one in first.patients} & {one.external_id for one in second.patients}


def test_activations_and_readings_are_as_many_as_asked_for_and_evenly_spread() -> None:
    actions = planned().actions
    activations = [
        one for one in actions if isinstance(one, Statement) and one.active and one.wanted is Wanted.STORED
    ]
    readings = [one for one in actions if isinstance(one, Reading)]
    assert len(activations) == 200
    assert [one.due for one in activations] == [number / 20 for number in range(200)]
    assert len(readings) == 2000
    assert [one.due for one in readings] == [number / 200 for number in range(2000)]


def test_a_run_has_everything_that_vitals_apps_do() -> None:
    actions = planned().actions
    assert any(isinstance(one, Statement) and not one.active for one in actions)
    assert {one.wanted for one in actions if isinstance(one, Reading)} == set(Wanted)
    assert {one.wanted for one in actions if isinstance(one, Statement)} == set(Wanted) - {Wanted.REFUSED}
    corrections = [one for one in actions if isinstance(one, Reading) and one.replaces is not None]
    retractions = [one for one in actions if isinstance(one, Retraction)]
    for sent in (corrections, retractions):
        assert any(one.needs is not None for one in sent), "after what they take back"
        assert any(one.needs is None for one in sent), "before what they take back"
    assert any(one.by_id for one in retractions)
    assert any(isinstance(one, Reading) and one.is_implausible for one in actions)


def test_nothing_waits_for_itself() -> None:
    for action in planned().actions:
        seen: set[Action] = set()
        following: Action | None = action
        while following is not None:
            assert following not in seen
            seen.add(following)
            following = following.needs


def test_everything_that_is_stored_was_in_the_past() -> None:
    stored = [one for one in planned().actions if isinstance(one, Reading) and one.wanted is Wanted.STORED]
    assert max(one.measured_at for one in stored) <= NOON
    assert min(one.measured_at for one in stored) < datetime(2024, 1, 1, tzinfo=UTC)


def test_statements_of_one_patient_have_times_of_their_own() -> None:
    for patient in planned(patients=50).patients:
        times = [said.effective_at for said in patient.statements]
        assert len(set(times)) == len(times)
