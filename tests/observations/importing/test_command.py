"""`manage.py import_measurements`, as people call it from a shell."""

import gzip
from functools import partial
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import execute
from clinical_engine.jobs.following import STALLED
from clinical_engine.running.processes import wait_until
from observations.models import MeasurementImport
from submitters.models import Organisation
from tests import factories, long_work
from tests.jobs.support import elsewhere
from tests.long_work import Work, count, worked_off
from tests.observations.importing.support import csv, item, ndjson, readings, row, stored

pytestmark = pytest.mark.usefixtures("committed_db")
said = partial(long_work.said, "import_measurements")
refused = partial(long_work.refused, "import_measurements")


@pytest.fixture
def clinic(committed_db: None) -> Organisation:
    return factories.organisation(name="Clinic West")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "readings.csv"
    path.write_bytes(csv(row("m-1"), row("m-2"), row("m-2")))
    return path


@pytest.mark.parametrize("size", [64 * 1024 + 1, 70_000, 200_000])
def test_a_file_whose_first_line_is_too_long_is_refused_in_a_sentence(
    clinic: Organisation, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"x" * size)
    told = "body: Line 1 has more than 65,536 bytes. Nothing was stored."
    assert refused("Clinic West", path, "--dry-run") == (2, told)


def test_a_file_is_imported_and_its_counts_are_told(clinic: Organisation, file: Path, work: Work) -> None:
    person = User.objects.create_superuser("support")
    with worked_off(work):
        text = said("Clinic West", file, "--actor", "support", "--reason", "ticket 12")
        again = said(clinic.pk, file)
    assert stored() == ["m-1", "m-2"]
    assert (count(text, "held"), count(text, "duplicates"), count(again, "duplicates")) == (2, 1, 3)
    assert text.startswith("Read 3 lines; import ")
    assert text.endswith("Imported.\n")
    entry = AuditEntry.objects.earliest("pk")
    assert (entry.actor, entry.reason) == (person, "ticket 12")


def test_a_dry_run_stores_nothing(clinic: Organisation, file: Path, work: Work) -> None:
    with worked_off(work):
        text = said(clinic.pk, file, "--dry-run")
    assert (count(text, "held"), count(text, "duplicates"), stored()) == (2, 1, [])
    assert text.endswith("this was a dry run, nothing was stored.\n")


def test_lines_that_are_not_taken_exit_with_1_and_go_into_a_report(
    clinic: Organisation, tmp_path: Path, work: Work
) -> None:
    path, told = tmp_path / "a.ndjson", tmp_path / "report.csv"
    path.write_bytes(ndjson(item("good"), *(item(f"m-{n}", code="99999-9") for n in range(25))))
    output = StringIO()
    with worked_off(work), pytest.raises(CommandError) as error:
        call_command(
            "import_measurements",
            str(clinic.pk),
            str(path),
            "--report",
            str(told),
            stdout=output,
            stderr=output,
        )
    assert error.value.returncode == 1
    text = output.getvalue()
    assert text.count("code: This code is not in the catalogue.") == 20
    assert count(text, "reason: code unknown_code") == 25
    assert len(told.read_bytes().splitlines()) == 26
    assert stored() == ["good"]


def test_the_standard_input_is_read(
    clinic: Organisation, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(gzip.compress(readings(3)))))
    with worked_off(work):
        said(clinic.pk, "-", "--form", "ndjson.gz")
    assert len(stored()) == 3


def test_wrong_input_is_told_in_a_sentence_and_nothing_is_stored(
    clinic: Organisation, file: Path, tmp_path: Path
) -> None:
    for content, name in ((gzip.compress(b"x" * 9999)[:-9], "cut.csv.gz"), (b"m-1", "headless.csv")):
        (tmp_path / name).write_bytes(content)
    User.objects.create_user("guest")
    for arguments, sentence in (
        (("Nowhere", file), "There is no such organisation."),
        ((clinic.pk, tmp_path / "none.csv"), "There is no file"),
        ((clinic.pk, tmp_path / "list.txt"), "--form: say what the file is"),
        ((clinic.pk, "-"), "--form: say what the file is"),
        ((clinic.pk, tmp_path / "cut.csv.gz"), "body: The gzip stream has no end"),
        ((clinic.pk, tmp_path / "headless.csv"), "body: Line 1 must be the header"),
        ((clinic.pk, file, "--reason", " "), "reason: A reason is required."),
        ((clinic.pk, file, "--actor", "nobody"), "--actor: is the name of an active account."),
        ((clinic.pk, file, "--actor", "guest"), "--actor: this account lacks"),
        ((clinic.pk, file, "--report", tmp_path), "The report "),
    ):
        code, text = refused(*arguments)
        assert (code, text[: len(sentence)]) == (2, sentence)
    assert not MeasurementImport.objects.exists()


def test_a_job_that_failed_is_told(clinic: Organisation, file: Path) -> None:
    def kill() -> bool:
        return bool(execute("UPDATE jobs_job SET state = 'dead', finished_at = now() WHERE kind = 'import'"))

    with elsewhere(lambda: wait_until(kill, seconds=60)) as killed:
        code, text = refused(clinic.pk, file)
        assert killed.result(timeout=60)
    assert code == 1
    assert "see the repair desk" in text


def test_it_says_when_nobody_works_and_can_be_interrupted(clinic: Organisation, file: Path) -> None:
    code, lines, rest = long_work.interrupted("import_measurements", clinic.pk, file, after=3)
    assert code == 130
    assert lines[1:] == ["0 of 3 lines", f"0 of 3 lines; {STALLED}"]
    assert f"The import {MeasurementImport.objects.get().pk} goes on" in rest
