"""Lines answered slice by slice: as everywhere readings come in, and the same by a dry run, which stores nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from clinical_engine.jobs.models import Job
from clinical_engine.jobs.registry import kind_of
from observations.importing import answering
from observations.models import (
    Correction,
    ImportedLine,
    ImportProblem,
    ImportState,
    Measurement,
    MeasurementConflict,
    MeasurementImport,
    MeasurementSource,
    RefusalCount,
    RehearsedId,
)
from patients.models import Patient
from patients.services import activate
from submitters.models import Organisation
from tests import factories
from tests.observations.importing.support import (
    counts,
    finished,
    item,
    ndjson,
    problems,
    readings,
    received,
    step,
    stored,
)

Work = Callable[[], int]


@pytest.fixture
def clinic(db: None) -> Organisation:
    return factories.organisation()


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "SLICE", 2)


@pytest.mark.usefixtures("small_slices")
def test_every_line_gets_its_answer_by_the_job(clinic: Organisation, work: Work) -> None:
    submitter = factories.submitter(clinic)
    said = factories.statement("linked", factories.NOON - timedelta(days=1))
    activate(submitter=submitter, statements=[said], origin=factories.BY_IMPORT)
    work()
    person = factories.user()
    body = ndjson(
        item("m-1", "linked"),
        item("m-2", "unlinked"),
        item("m-1", "linked"),
        item("m-1", "linked", value=101),
        item("m-3", code="99999-9"),
        item("m-4", "linked", value=5000),
    )
    file = received(clinic, body, actor=person)
    work()
    assert counts(file) == {"accepted": 2, "held": 1, "duplicate": 1, "conflict": 1, "refused": 1}
    assert (file.state, file.done, file.last_line, file.implausible) == (ImportState.IMPORTED, 6, 6, 1)
    assert file.reasons == {"code unknown_code": 1}
    assert problems(file) == [(4, "client_id", "conflict"), (5, "code", "unknown_code")]
    first = Measurement.objects.get(client_id="m-1")
    assert first.source == MeasurementSource.IMPORT
    assert ImportProblem.objects.get(code="conflict").measurement_id == first.pk
    assert MeasurementConflict.objects.count() == 1
    assert not Job.objects.exclude(state="succeeded").exists()


@pytest.mark.usefixtures("small_slices")
def test_a_second_import_of_the_same_file_finds_nothing_but_duplicates(clinic: Organisation) -> None:
    body = readings(7)
    assert counts(finished(received(clinic, body))) == {"held": 7}
    assert counts(finished(received(clinic, body))) == {"duplicate": 7}
    assert len(stored()) == 7


MIXED = ndjson(
    item("m-1"),
    item("m-2", replaces="m-1"),
    item("known", value=99),
    item("m-1"),
    item("m-1", value=101),
    b"nothing",
    item("m-3", replaces="m-1"),
    item("m-2", replaces="m-1"),
    item("m-1", value=102),
    item("m-4", replaces="m-2"),
    item("m-5", replaces="m-2"),
    item("m-5"),
    item("known", value=98),
    item("m-6", value=1),
    item("c-1", replaces="c-2"),
    item("c-2", replaces="c-1"),
    item("d-1", replaces="d-2"),
    item("c-2"),
    item("d-2", replaces="d-3"),
    item("d-3", replaces="d-4"),
    item("d-4", replaces="d-1"),
    item("d-4", replaces="m-6"),
)


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_a_dry_run_gives_the_answers_of_the_import_and_stores_nothing(
    clinic: Organisation, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(answering, "SLICE", size)
    finished(received(clinic, ndjson(item("known"))))
    tried = finished(received(clinic, MIXED, dry_run=True))
    assert tried.state == ImportState.TRIED
    assert (stored(), Patient.objects.count()) == (["known"], 1)
    for model in (MeasurementConflict, Correction, RefusalCount, RehearsedId):
        assert not model.objects.exists()
    done = finished(received(clinic, MIXED))
    assert counts(tried) == counts(done)
    assert problems(tried) == problems(done)
    assert tried.reasons == done.reasons
    new = ["c-1", "c-2", "d-1", "d-2", "d-3", "d-4", "m-1", "m-2", "m-4", "m-5", "m-6"]
    assert stored() == sorted(["known", *new])
    circles = ImportProblem.objects.filter(measurement_import=done, code="replaces_in_a_circle")
    assert list(circles.values_list("line", flat=True)) == [16, 21]


def test_a_dry_run_leads_only_to_measurements_that_there_are(clinic: Organisation) -> None:
    finished(received(clinic, ndjson(item("known"))))
    body = ndjson(item("known", value=1), item("m-1"), item("m-1", value=1))
    tried = finished(received(clinic, body, dry_run=True))
    found = ImportProblem.objects.filter(measurement_import=tried).order_by("line")
    known = Measurement.objects.get().pk
    assert list(found.values_list("measurement_id", flat=True)) == [known, None]


def test_a_dry_run_leaves_no_work_behind(clinic: Organisation, work: Work) -> None:
    file = received(clinic, readings(5), dry_run=True)
    work()
    assert counts(file) == {"held": 5}
    assert list(Job.objects.values_list("kind", "state")) == [("import", "succeeded")]


def test_slices_of_very_long_lines_have_fewer(clinic: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "_SLICE_BYTES", 300)
    file = received(clinic, ndjson(b"\xff", *(item(f"m-{n}") for n in range(5))))
    assert step(file)
    assert file.done == 4
    assert counts(finished(file)) == {"held": 5, "refused": 1}


def test_each_reason_of_a_line_is_told(clinic: Organisation) -> None:
    file = finished(received(clinic, ndjson(item("m-1", "", code="none"), item("m-2", code="none"))))
    assert problems(file) == [
        (1, "external_id", "empty"),
        (1, "code", "unknown_code"),
        (2, "code", "unknown_code"),
    ]
    assert file.reasons == {"code unknown_code": 2, "external_id empty": 1}
    assert counts(file) == {"refused": 2}


def test_reasons_are_counted_apart_only_as_long_as_they_are_few(clinic: Organisation) -> None:
    panel = [
        {"code": "8480-6", "value": "x", "unit": "mm[Hg]"},
        {"code": "8462-4", "value": 1, "unit": "mm[Hg]"},
    ]
    strange = [b'{"client_id": "m", "%d": 1}' % n for n in range(150)]
    body = ndjson(item("m-1", code="85354-9", value=None, unit=None, components=panel), *strange)
    file = finished(received(clinic, body))
    assert file.reasons["components.value not_a_number"] == 1
    assert len(file.reasons) == 2


def test_a_job_tells_how_far_its_import_is(clinic: Organisation, small_slices: None) -> None:
    file = received(clinic, readings(5))
    step(file)
    kind = kind_of("import")
    assert kind.report is not None
    report = kind.report(kind.decode({"import_id": str(file.pk)}, 1))
    assert report is not None
    assert (report.done, report.of, report.result["held"]) == (2, 5, 2)


def test_an_import_that_another_job_drives_is_left_alone(clinic: Organisation) -> None:
    file = received(clinic, readings(1))
    other = MeasurementImport(pk=file.pk, job_id=factories.organisation().pk)
    assert not step(other)
    assert not stored()
    assert ImportedLine.objects.count() == 1
