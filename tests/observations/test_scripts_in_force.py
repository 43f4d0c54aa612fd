"""Recomputing with several script versions, and with scripts that fail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from clinical_engine.jobs import selectors
from observations.models import CodeUnit, Measurement, Observation, ObservationScript
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients.models import Patient
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.observations.facts import current, reading_on, reasons, record, state
from tests.observations.scripts.writing import WEIGHT, content, reads
from tests.observations.scripts.writing import publish as publish_written

Work = Callable[[], int]
pytestmark = pytest.mark.usefixtures("scripts")


@pytest.fixture
def submitter(db: None) -> Submitter:
    return factories.submitter()


def publish(source: str, effective_from: datetime, name: str = GLUCOSE_7D.name) -> None:
    changed = replace(
        GLUCOSE_7D,
        name=name,
        source=source,
        test_cases=[{"inputs": {"glucose": [100, 200]}, "expected": {"mean": 150, "in_range": 7}}],
        default_effective_from=effective_from,
    )
    install_library(scripts=[changed])


CHANGED = 'result = {"mean": mean(glucose), "in_range": 7}'
FAILS_AT_100 = 'result = {"mean": mean(glucose), "in_range": 7 + 0 / (glucose[len(glucose) - 1] - 100)}'
NEEDS_TWO = 'result = {"mean": mean(glucose) if len(glucose) > 1 else None, "in_range": 7}'


def test_each_result_is_made_by_the_version_in_force_at_its_time(submitter: Submitter, work: Work) -> None:
    state(submitter, -40, "a")
    record(submitter, *(reading_on(day) for day in (-3, -2, -1)))
    work()
    publish(CHANGED, NOON - days(2))
    # Outside the windows of the others: nothing about them has changed but the version.
    record(submitter, reading_on(-20))
    work()
    assert [row.value and row.value["in_range"] for row in current()] == [100, 100, 7, 7]
    assert [row.script_version.number for row in current()] == [1, 1, 2, 2]
    assert reasons() == {
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


def test_a_script_of_one_organisation_computes_nothing_for_another(submitter: Submitter, work: Work) -> None:
    other = factories.submitter()
    ObservationScript.objects.update(organisation=other.organisation)
    for by in (submitter, other):
        state(by, -40, "a")
        record(by, reading_on(0))
    work()
    assert Observation.objects.get().organisation_id == other.organisation_id


def test_what_the_catalogue_no_longer_has_stops_the_script_that_reads_it_and_no_other(
    submitter: Submitter, work: Work
) -> None:
    publish_written("in-grams", content("result = weight", {"weight": reads(WEIGHT, unit="g")}))
    CodeUnit.objects.filter(code__code=WEIGHT, unit="g").delete()
    state(submitter, -40, "a")
    record(submitter, reading_on(0), reading_on(-1, 70, code=WEIGHT, unit="kg"))
    work()
    assert [row.script.name for row in current()] == ["glucose-7d"]
    patient = Patient.objects.get()
    job = selectors.last_job_of_patient(patient.id)
    assert job is not None
    assert job.state == "succeeded"


def test_what_cannot_be_computed_is_a_result_that_says_why(submitter: Submitter, work: Work) -> None:
    publish(NEEDS_TWO, NOON - days(40))
    state(submitter, -40, "a")
    record(submitter, reading_on(0))
    work()
    [observation] = current()
    assert observation.value is None
    assert observation.not_computable == "no value for result.mean"
    record(submitter, reading_on(-1))
    work()
    assert current()[-1].value == {"mean": 100, "in_range": 7}


def test_a_number_that_the_language_cannot_hold_is_not_read_and_stops_nothing(
    submitter: Submitter, work: Work
) -> None:
    publish_written("in-grams", content("result = weight", {"weight": reads(WEIGHT, unit="g")}))
    state(submitter, -40, "a")
    heavy = reading_on(-1, 9e12, client_id="heavy", code=WEIGHT, unit="kg")
    record(
        submitter,
        heavy,
        reading_on(-1, 70, code=WEIGHT, unit="kg"),
        reading_on(-1, client_id="sweet"),
        reading_on(0),
    )
    # As a release took it in that asked only for the number as sent.
    Measurement.objects.filter(client_id="sweet").update(value_quantity=10**15)
    work()
    told = {row.script.name: row.value for row in current()}
    assert told == {"in-grams": {"result": 70_000}, "glucose-7d": {"mean": 100, "in_range": 100}}
    assert failures_of(Patient.objects.get()) == []
