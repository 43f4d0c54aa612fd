"""Facts about several patients in any order and batches: the results are those of a plain computation over all of them."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from observations.models import Observation
from observations.readings import Reading
from patients.models import Patient
from patients.periods import Said
from tests import factories
from tests.factories import NOON, days
from tests.observations.facts import reading_on, record, state
from tests.observations.reference import assert_as_expected, current_glucose, expected_glucose
from tests.patients.test_folding import undone

Work = Callable[[], int]
pytestmark = pytest.mark.usefixtures("scripts")


@dataclass(frozen=True)
class Event:
    """Something that is accepted: a statement (`active` True or False) or a reading (`active` None)."""

    patient: str
    submitter: int
    half_day: int
    value: int
    active: bool | None


half_days = st.integers(0, 40)
patients = st.sampled_from(["p-1", "p-2"])
events = st.one_of(
    st.builds(Event, patients, st.integers(0, 1), half_days, st.just(0), st.booleans()),
    # More readings than statements, or nothing would be covered.
    *[st.builds(Event, patients, st.just(0), half_days, st.sampled_from([60, 70, 100, 180, 181]), st.none())]
    * 3,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.lists(half_days, min_size=2, max_size=2),
    history=st.lists(events, min_size=4, max_size=20),
    pauses=st.sets(st.integers(0, 20)),
    data=st.data(),
)
def test_whatever_the_order_and_batches_the_results_are_those_of_all_facts(
    work: Work, first: list[int], history: list[Event], pauses: set[int], data: st.DataObject
) -> None:
    with undone():
        organisation = factories.organisation()
        submitters = [factories.submitter(organisation) for _ in range(2)]
        history = [
            *(Event(f"p-{n + 1}", 0, half_day // 2, 0, active=True) for n, half_day in enumerate(first)),
            *history,
        ]
        names = data.draw(st.permutations(range(len(history))))
        said: dict[tuple[str, int], list[Said]] = {(p, s): [] for p in ("p-1", "p-2") for s in (0, 1)}
        readings: dict[str, list[Reading]] = {"p-1": [], "p-2": []}
        for position in data.draw(st.permutations(range(len(history)))):
            event, name = history[position], f"x-{names[position]:02}"
            if event.active is None:
                sent = reading_on(event.half_day / 2, event.value, event.patient, client_id=name)
                readings[event.patient].append(sent)
                record(submitters[0], sent)
            else:
                said[event.patient, event.submitter].append(
                    Said(NOON + days(event.half_day / 2), name, event.active)
                )
                state(
                    submitters[event.submitter],
                    event.half_day / 2,
                    name,
                    active=event.active,
                    external_id=event.patient,
                )
            if position in pauses:
                work()
        work()
        for patient in Patient.objects.filter(organisation=organisation):
            of_patient = [said[patient.external_id, number] for number in (0, 1)]
            expected = expected_glucose(of_patient, readings[patient.external_id])
            assert_as_expected(current_glucose(patient), expected)
        rows = Observation.objects.exclude(superseded_at=None)
        assert all(row.superseded_because for row in rows)
