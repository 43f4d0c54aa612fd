"""Imports that are cancelled, abandoned, or over for long."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.jobs import services as jobs
from clinical_engine.jobs.models import Job
from observations.importing import advancing, answering, services
from observations.importing.looking_after import cancel_abandoned, forget_old_lines
from observations.models import ImportedLine, ImportProblem, ImportState, MeasurementImport, RehearsedId
from submitters.models import Organisation
from tests import factories
from tests.observations.importing.support import (
    counts,
    finished,
    item,
    ndjson,
    readings,
    received,
    step,
    stored,
)

Work = Callable[[], int]


@pytest.fixture
def clinic(db: None) -> Organisation:
    return factories.organisation()


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "SLICE", 2)


def test_what_is_stored_when_an_import_is_cancelled_stays(clinic: Organisation, work: Work) -> None:
    file = received(clinic, readings(5))
    step(file)
    person = factories.user()
    services.cancel(actor=person, import_id=file.pk, reason="ticket 13: the wrong file")
    work()
    assert (counts(file), file.state, len(stored())) == ({"held": 2}, ImportState.CANCELLED, 2)
    entry = AuditEntry.objects.get(action="measurement_import.cancel")
    assert (entry.actor, entry.reason) == (person, "ticket 13: the wrong file")
    assert entry.details == {"done": 2, "lines": 5}
    assert Job.objects.get(pk=file.job_id).state == "succeeded"


def test_an_import_that_is_over_cannot_be_cancelled(clinic: Organisation) -> None:
    file = finished(received(clinic, readings(1)))
    with pytest.raises(NotAllowedNowError):
        services.cancel(actor=factories.user(), import_id=file.pk, reason="ticket 13")
    file.refresh_from_db()
    assert file.state == ImportState.IMPORTED


def test_an_import_whose_job_a_person_stopped_is_cancelled(clinic: Organisation) -> None:
    file, other = received(clinic, readings(1)), received(clinic, readings(1))
    jobs.cancel(actor=factories.user(), job_ids=[file.job_id], reason="ticket 13")
    assert (cancel_abandoned(), cancel_abandoned()) == (1, 0)
    states = MeasurementImport.objects.in_bulk([file.pk, other.pk])
    assert (states[file.pk].state, states[other.pk].state) == (ImportState.CANCELLED, ImportState.IMPORTING)
    assert AuditEntry.objects.get(action="measurement_import.cancel").reason == "Its job was stopped."


def test_lines_are_deleted_after_thirty_days_and_the_report_stays(
    clinic: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advancing, "_CLEARED_AT_ONCE", 2)
    old, new = (finished(received(clinic, ndjson(item(f"m-{n}"), b"nothing", b"nothing"))) for n in range(2))
    under_way = received(clinic, readings(3))
    long_ago = timezone.now() - timedelta(days=30, minutes=1)
    MeasurementImport.objects.filter(pk=old.pk).update(finished_at=long_ago)
    while forget_old_lines():
        pass
    left = ImportedLine.objects.values_list("measurement_import_id", flat=True).distinct()
    assert set(left) == {new.pk, under_way.pk}
    old.refresh_from_db()
    assert (old.is_stored, counts(old)) == (False, {"held": 1, "refused": 2})
    assert ImportProblem.objects.filter(measurement_import=old).count() == 2


def test_what_a_cancelled_dry_run_remembered_is_cleared_away(clinic: Organisation, work: Work) -> None:
    file = received(clinic, readings(5), dry_run=True)
    step(file)
    assert RehearsedId.objects.count() == 2
    services.cancel(actor=factories.user(), import_id=file.pk, reason="ticket 13")
    work()
    assert not RehearsedId.objects.exists()
