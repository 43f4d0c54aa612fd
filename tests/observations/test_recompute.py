"""The recompute job: coverage and observations are a pure function of all accepted facts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinical_engine.jobs import selectors, worker
from observations.intake import record_measurements
from observations.library import GLUCOSE_7D
from observations.models import Measurement, MeasurementSource, Observation
from observations.readings import Reading
from observations.services import install_library
from patients import services
from patients.models import Association, Patient
from patients.periods import Said
from submitters.models import Submitter
from tests import factories
from tests.factories import BY_IMPORT, NOON, days
from tests.observations.reference import assert_as_expected, current_glucose, expected_glucose
from tests.patients.test_folding import undone

Work = Callable[[], int]
pytestmark = pytest.mark.usefixtures("scripts")


@pytest.fixture
def submitter(db: None) -> Submitter:
    return factories.submitter()


def record(submitter: Submitter, *readings: Reading) -> None:
    record_measurements(
        organisation_id=submitter.organisation_id, readings=readings, source=MeasurementSource.IMPORT
    )


def state(
    submitter: Submitter, day: float, client_id: str, *, active: bool = True, external_id: str = "p-1"
) -> None:
    accept = services.activate if active else services.deactivate
    said = factories.statement(external_id, NOON + days(day), client_id)
    accept(submitter=submitter, statements=[said], origin=BY_IMPORT)


def reading_on(day: float, value: object = 100, external_id: str = "p-1", **fields: Any) -> Reading:
    return factories.reading(external_id, value, NOON + days(day), **fields)


def current() -> list[Observation]:
    return list(Observation.objects.filter(superseded_at=None).order_by("as_of"))


def reasons() -> dict[datetime, list[str]]:
    """Why results were superseded, by their time."""
    found: dict[datetime, list[str]] = {}
    for row in Observation.objects.exclude(superseded_at=None).order_by("as_of", "id"):
        found.setdefault(row.as_of, []).append(row.superseded_because)
    return found


def test_a_reading_exactly_a_window_ago_does_not_count_and_one_of_the_time_itself_does(
    submitter: Submitter, work: Work
) -> None:
    state(submitter, -10, "a")
    edge = NOON - days(7)
    record(
        submitter,
        factories.reading("p-1", 300, edge, client_id="a window ago"),
        factories.reading("p-1", 200, edge + timedelta(microseconds=1), client_id="just inside"),
        factories.reading("p-1", 100, NOON, client_id="now"),
    )
    work()
    latest = current()[-1]
    assert latest.as_of == NOON
    assert latest.value == {"mean": 150, "in_range": 50}


def test_a_late_measurement_supersedes_the_results_of_its_week_and_no_others(
    submitter: Submitter, work: Work
) -> None:
    state(submitter, -40, "a")
    record(submitter, *(reading_on(day) for day in range(-20, 1)))
    work()
    before = {row.as_of: row for row in current()}
    record(submitter, reading_on(-10.5, 170))
    work()
    after = {row.as_of: row for row in current()}
    week = [NOON + days(day) for day in range(-10, -3)]
    assert reasons() == {time: ["a measurement came in later"] for time in week}
    assert set(after) == set(before) | {NOON + days(-10.5)}
    # Those outside the week are the same rows: they were not evaluated again.
    assert {time for time in before if after[time].id == before[time].id} == set(before) - set(week)
    assert Observation.objects.count() == 21 + 1 + 7


def test_working_off_again_changes_nothing(submitter: Submitter, work: Work) -> None:
    state(submitter, -40, "a")
    record(submitter, *(reading_on(day) for day in range(-5, 1)))
    work()
    rows = list(Observation.objects.order_by("id").values())
    state(submitter, -40, "b")
    record(submitter, reading_on(-3, external_id="p-2"))
    work()
    assert list(Observation.objects.order_by("id").values()) == rows


def test_a_period_that_ends_earlier_supersedes_what_it_no_longer_covers_and_what_was_made_from_it(
    submitter: Submitter, work: Work
) -> None:
    state(submitter, -40, "a")
    other = factories.submitter(submitter.organisation)
    state(other, -2.5, "b")
    record(submitter, *(reading_on(day) for day in (-4, -3, -2)))
    work()
    state(submitter, -3.5, "c", active=False)
    work()
    assert reasons() == {
        NOON + days(-3): ["no longer covered by an association"],
        NOON + days(-2): ["a measurement no longer counts"],
    }
    assert [row.as_of for row in current()] == [NOON + days(-4), NOON + days(-2)]
    assert Measurement.objects.get(association=None).measured_at == NOON + days(-3)


def test_what_was_computed_is_never_changed_afterwards(submitter: Submitter, work: Work) -> None:
    state(submitter, -40, "a")
    seen: dict[object, tuple[object, ...]] = {}
    for day in (-1, -3, -2, 0):
        record(submitter, reading_on(day, 100 - day))
        work()
        for row in Observation.objects.all():
            made = (row.as_of, row.value, row.derived_from, row.script_version_id, row.computed_at)
            assert seen.setdefault(row.id, made) == made
    assert len(seen) > 4


def test_where_two_submitters_cover_a_measurement_the_earlier_association_counts_whatever_came_first(
    submitter: Submitter, work: Work
) -> None:
    second = factories.submitter(submitter.organisation)
    record(submitter, reading_on(0))
    state(second, -2, "a")
    work()
    assert Measurement.objects.get().association == Association.objects.get(submitter=second)
    state(submitter, -3, "b")
    work()
    assert Measurement.objects.get().association == Association.objects.get(submitter=submitter)
    state(submitter, -1, "c", active=False)
    work()
    assert Measurement.objects.get().association == Association.objects.get(submitter=second)
    # A change of coverage alone is no reason for a new result.
    assert reasons() == {}


def test_a_measurement_of_another_code_causes_no_result(submitter: Submitter, work: Work) -> None:
    state(submitter, -40, "a")
    record(
        submitter,
        reading_on(0, 60, code="8867-4", unit="/min"),
        reading_on(0, value=True, code="meal-more", unit=None),
    )
    work()
    assert current() == []
    assert not Measurement.objects.filter(association=None).exists()


def publish(source: str, effective_from: datetime, name: str = GLUCOSE_7D.name) -> None:
    changed = replace(
        GLUCOSE_7D,
        name=name,
        source=source,
        test_cases=[{"inputs": {"glucose": [100, 200]}, "expected": {"mean": 150, "in_range": 7}}],
        effective_from=effective_from,
    )
    install_library(scripts=[changed])


CHANGED = 'result = {"mean": mean(glucose), "in_range": 7}'
FAILS_AT_100 = 'result = {"mean": mean(glucose), "in_range": 7 + 0 / (glucose[len(glucose) - 1] - 100)}'


def test_each_result_is_made_by_the_version_in_force_at_its_time(submitter: Submitter, work: Work) -> None:
    state(submitter, -40, "a")
    record(submitter, *(reading_on(day) for day in (-3, -2, -1)))
    work()
    publish(CHANGED, NOON - days(2))
    record(submitter, reading_on(-4))
    work()
    assert [row.value and row.value["in_range"] for row in current()] == [100, 100, 7, 7]
    assert [row.script_version.number for row in current()] == [1, 1, 2, 2]
    assert reasons() == {
        NOON - days(3): ["a measurement came in later"],
        NOON - days(2): ["another script version is in force"],
        NOON - days(1): ["another script version is in force"],
    }


def test_a_failing_script_fails_only_its_patients_job_while_coverage_and_other_results_stand(
    submitter: Submitter, work: Work
) -> None:
    publish(FAILS_AT_100, NOON - days(1000), name="fragile")
    for patient in ("well", "ill"):
        state(submitter, -40, patient, external_id=patient)
    work()
    record(submitter, reading_on(0, 120, "well"), reading_on(-1, 90, "ill"), reading_on(0, 100, "ill"))
    work()
    results = {
        (row.patient.external_id, row.script.name, row.as_of) for row in Observation.objects.select_related()
    }
    assert results == {
        ("well", "glucose-7d", NOON),
        ("well", "fragile", NOON),
        ("ill", "glucose-7d", NOON - days(1)),
        ("ill", "fragile", NOON - days(1)),
        ("ill", "glucose-7d", NOON),
    }
    assert not Measurement.objects.filter(association=None).exists()
    assert failures_of(Patient.objects.get(external_id="ill")) == ["PermanentError"]
    assert failures_of(Patient.objects.get(external_id="well")) == []


def failures_of(patient: Patient) -> list[str]:
    job = selectors.last_job_of_patient(patient.id)
    assert job is not None
    attempt = selectors.last_attempt(job)
    assert attempt is not None
    assert job.state == ("dead" if attempt.error_class else "succeeded")
    if attempt.error_class:
        version = Observation.objects.filter(script__name="fragile").values_list("script_version", flat=True)[
            0
        ]
        assert str(version) in attempt.message
        assert "100" not in attempt.message.replace(str(version), "")
    return [attempt.error_class] if attempt.error_class else []


def test_a_script_that_fails_where_it_had_a_result_leaves_none_that_is_out_of_date(
    submitter: Submitter, work: Work
) -> None:
    publish(FAILS_AT_100, NOON - days(1000), name="fragile")
    state(submitter, -40, "a")
    record(submitter, reading_on(0, 120, client_id="b"))
    work()
    record(submitter, reading_on(0, 100, client_id="c"))
    work()
    fragile = Observation.objects.filter(script__name="fragile")
    assert [row.superseded_because for row in fragile] == ["a measurement came in later"]
    assert [row.value["mean"] for row in current() if row.value] == [110]


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


def test_fifty_patients_take_as_many_statements_as_one(work: Work) -> None:
    def queries_for(number: int, prefix: str) -> int:
        submitter = factories.submitter()
        for patient in range(number):
            state(submitter, -40, f"{prefix}-{patient}", external_id=f"{prefix}-{patient}")
        work()
        record(
            submitter,
            *(reading_on(day, external_id=f"{prefix}-{n}") for n in range(number) for day in range(3)),
        )
        with CaptureQueriesContext(connection) as captured:
            worker.work("recompute", "default")
        assert Observation.objects.filter(organisation=submitter.organisation).count() == 3 * number
        return len(captured)

    assert queries_for(50, "many") == queries_for(1, "one")
