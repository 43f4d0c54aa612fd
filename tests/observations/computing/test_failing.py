"""A version that fails is suspended by the patients for whom it fails, not by how often it fails for one of them."""

from collections.abc import Callable

import pytest

from observations.computing.failing import SUSPENDED_AFTER
from observations.models import ScriptFailure, ScriptVersion
from observations.scripts.publishing import resume
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.observations.facts import current, record, state
from tests.observations.scripts.writing import PULSE, content, publish, reads

Work = Callable[[], int]
FAILS_AT_60 = "result = 1 / (pulse - 60)"


@pytest.fixture
def submitter(db: None) -> Submitter:
    publish("pulse", content(FAILS_AT_60, {"pulse": reads(PULSE)}))
    return factories.submitter()


def measure(submitter: Submitter, patient: str, day: float, pulse: float = 60) -> None:
    record(submitter, factories.reading(patient, pulse, NOON + days(day), code=PULSE, unit="/min"))


def state_all(submitter: Submitter, number: int, first: int = 0) -> list[str]:
    patients = [f"p-{place}" for place in range(first, first + number)]
    for patient in patients:
        state(submitter, -100, patient, external_id=patient)
    return patients


def test_one_patient_for_whom_it_fails_again_and_again_is_one(submitter: Submitter, work: Work) -> None:
    [patient] = state_all(submitter, 1)
    for day in range(SUSPENDED_AFTER + 5):
        measure(submitter, patient, -day)
        work()
    version = ScriptVersion.objects.get()
    assert (version.failures_in_a_row, version.suspended_at) == (1, None)
    [other] = state_all(submitter, 1, first=1)
    measure(submitter, other, 0, 61)
    work()
    assert [row.value for row in current()] == [{"result": 1}]


def test_as_many_patients_suspend_it_in_one_batch_or_one_after_the_other(
    submitter: Submitter, work: Work
) -> None:
    *first, last = state_all(submitter, SUSPENDED_AFTER)
    for _ in range(2):
        for patient in first:
            measure(submitter, patient, 0)
        work()
    version = ScriptVersion.objects.get()
    assert (version.failures_in_a_row, version.suspended_at) == (SUSPENDED_AFTER - 1, None)
    measure(submitter, last, 0)
    work()
    version.refresh_from_db()
    assert version.suspended_at is not None
    assert version.suspended_because == "It failed for 20 patients in a row."


@pytest.mark.parametrize("way", ["computed", "resumed"])
def test_after_a_result_or_a_resumption_they_are_counted_anew(
    submitter: Submitter, work: Work, way: str
) -> None:
    patients = state_all(submitter, SUSPENDED_AFTER - 1)
    for patient in patients:
        measure(submitter, patient, -1)
    work()
    version = ScriptVersion.objects.get()
    before = version.failing_since
    if way == "computed":
        [well] = state_all(submitter, 1, first=100)
        measure(submitter, well, 0, 61)
        work()
    else:
        ScriptVersion.objects.update(suspended_at=NOON)
        resume(actor=factories.user(), version=version, reason="Mended")
    # As if the next came in later: a test's transaction has but one time.
    ScriptFailure.objects.update(failed_at=NOON)
    for patient in patients:
        measure(submitter, patient, 0)
        work()
    version.refresh_from_db()
    assert (version.failures_in_a_row, version.suspended_at) == (SUSPENDED_AFTER - 1, None)
    assert before is not None
    assert version.failing_since is not None
    assert version.failing_since >= before


def test_failures_that_an_older_release_counted_are_counted_once_more_at_most(
    submitter: Submitter, work: Work
) -> None:
    [patient] = state_all(submitter, 1)
    measure(submitter, patient, -1)
    work()
    ScriptVersion.objects.update(failures_in_a_row=7, failing_since=None)
    for day in range(3):
        measure(submitter, patient, day)
        work()
    assert ScriptVersion.objects.get().failures_in_a_row == 8
