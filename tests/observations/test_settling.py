"""Patients whose results are replaced by the dozen: what comes in within a pause is computed at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from clinical_engine.jobs.models import Job
from observations import recompute
from observations.models import Observation
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.observations.facts import current, reading_on, record, state

Work = Callable[[], int]
pytestmark = pytest.mark.usefixtures("scripts", "long_pauses")
# Of a week's window, a reading at its beginning changes every result after it.
_AN_HOUR = 1 / 24


@pytest.fixture
def long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as long: none is over before a test has looked."""
    monkeypatch.setattr(recompute, "_PAUSE_EACH", 10 * recompute._PAUSE_EACH)


@pytest.fixture
def submitter(db: None) -> Submitter:
    return factories.submitter()


def hourly(submitter: Submitter, number: int, prefix: str = "h") -> None:
    record(submitter, *(reading_on(n * _AN_HOUR, client_id=f"{prefix}-{n:03}") for n in range(number)))


def waiting() -> list[timedelta]:
    """How long each recompute job that waits still does."""
    rows = Job.objects.filter(kind="recompute", state="available")
    return [job.next_run_at - timezone.now() for job in rows]


def let_pass(work: Work) -> None:
    """What happens once the pause is over."""
    Job.objects.filter(state="available").update(next_run_at=F("next_run_at") - timedelta(minutes=1))
    work()


def test_many_replaced_results_make_the_next_ones_wait_and_be_computed_together(
    submitter: Submitter, work: Work
) -> None:
    state(submitter, -40, "a")
    hourly(submitter, 100)
    work()
    record(submitter, reading_on(-_AN_HOUR, 50, client_id="late-1"))
    work()
    [pause] = waiting()
    assert timedelta(0) < pause <= timedelta(seconds=10)
    Job.objects.filter(state="available").update(next_run_at=F("next_run_at") + timedelta(minutes=1))
    before = Observation.objects.count()
    for number in (2, 3):
        record(submitter, reading_on(-number * _AN_HOUR, 50, client_id=f"late-{number}"))
        work()
    assert Observation.objects.count() == before
    assert len(waiting()) == 1
    let_pass(work)
    let_pass(work)
    # Two readings that change a hundred results each, and those were computed once.
    assert Observation.objects.count() == before + 103
    assert len(current()) == 103
    assert current()[-1].as_of == NOON + days(99 * _AN_HOUR)
    assert len(current()[-1].derived_from) == 103
    let_pass(work)
    assert waiting() == []


def test_a_few_replaced_results_make_nobody_wait(submitter: Submitter, work: Work) -> None:
    state(submitter, -40, "a")
    hourly(submitter, 40)
    work()
    record(submitter, reading_on(-_AN_HOUR, 50, client_id="late"))
    work()
    assert waiting() == []
    assert len(current()) == 41


def test_the_pause_is_the_patients_own(submitter: Submitter, work: Work) -> None:
    for external_id in ("p-1", "p-2"):
        state(submitter, -40, external_id, external_id=external_id)
    hourly(submitter, 100)
    work()
    record(submitter, reading_on(-_AN_HOUR, 50, client_id="late"))
    work()
    record(submitter, reading_on(0, external_id="p-2", client_id="other"))
    work()
    assert Observation.objects.filter(patient__external_id="p-2").count() == 1
    assert len(waiting()) == 1


def test_a_pause_is_never_longer_than_half_a_minute(submitter: Submitter, work: Work) -> None:
    state(submitter, -400, "a")
    record(submitter, *(reading_on(n / 100, client_id=f"h-{n:04}") for n in range(3_100)))
    work()
    state(submitter, -300, "b", active=False)
    work()
    assert current() == []
    [pause] = waiting()
    assert timedelta(seconds=10) < pause <= timedelta(seconds=30)
