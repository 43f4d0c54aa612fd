"""An import that nothing moves is told of, whether no worker takes its job or its job gets nowhere."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from clinical_engine.common.database import execute
from clinical_engine.jobs.models import Attempt
from clinical_engine.jobs.states import Outcome
from observations.importing import answering, services
from observations.importing.probes import STALLED, stalled
from observations.models import MeasurementImport
from submitters.models import Organisation
from tests import factories
from tests.observations.importing.support import readings, received

Work = Callable[[], int]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clinic(db: None) -> Organisation:
    return factories.organisation()


def pass_by(time: timedelta) -> None:
    """Let everything have happened earlier."""
    execute("UPDATE observations_measurementimport SET received_at = received_at - %s", [time])
    execute("UPDATE jobs_job SET created_at = created_at - %s, claimed_at = claimed_at - %s", [time, time])
    execute("UPDATE jobs_attempt SET started_at = started_at - %s, ended_at = ended_at - %s", [time, time])


def ended(file: MeasurementImport, outcome: Outcome) -> None:
    """A worker has taken the import's job this moment, and its try has ended."""
    execute("UPDATE jobs_job SET claimed_at = now() WHERE id = %s", [file.job_id])
    Attempt.objects.create(
        job_id=file.job_id, number=1, started_at=timezone.now(), outcome=outcome, trigger="auto"
    )


def test_an_import_that_no_worker_has_taken_for_ten_minutes_is_told_of(clinic: Organisation) -> None:
    file = received(clinic, readings(3))
    pass_by(9 * MINUTE)
    assert (STALLED.read().value, STALLED.read().ok) == (0, True)
    pass_by(2 * MINUTE)
    assert list(stalled()) == [file]
    reading = STALLED.read()
    assert (reading.value, reading.ok, reading.message) == (
        1,
        False,
        "Imports have made no step for ten minutes.",
    )


def test_one_that_is_tried_again_and_again_and_gets_nowhere_is_told_of(clinic: Organisation) -> None:
    file = received(clinic, readings(3))
    pass_by(11 * MINUTE)
    ended(file, Outcome.FAILED)
    assert list(stalled()) == [file]


def test_one_of_which_a_slice_was_answered_moves(clinic: Organisation) -> None:
    file = received(clinic, readings(3))
    pass_by(60 * MINUTE)
    ended(file, Outcome.CONTINUES)
    assert not stalled().exists()
    pass_by(11 * MINUTE)
    assert list(stalled()) == [file]


def test_what_a_worker_does_to_a_large_import_counts_as_a_step(
    clinic: Organisation, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "SLICE", 2)
    file = received(clinic, readings(5))
    work()
    assert Attempt.objects.filter(job=file.job_id, outcome=Outcome.CONTINUES).count() == 2


def test_one_that_is_over_or_cancelled_stands_still_no_more(clinic: Organisation, work: Work) -> None:
    finished, cancelled = received(clinic, readings(1)), received(clinic, readings(1))
    services.cancel(actor=factories.user(), import_id=cancelled.pk, reason="ticket 13")
    work()
    pass_by(60 * MINUTE)
    assert MeasurementImport.objects.count() == 2
    assert finished not in stalled()
    assert not stalled().exists()
