"""What a person who calls the command can get wrong, and the one sentence that each mistake is answered with."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clinical_engine.running.environment import ROOT
from observations.diabetes.files import CannotReadError, read_diaries
from observations.diabetes.progress import progress_on
from observations.models import Measurement
from submitters.models import Organisation
from tests.long_work import Terminal
from tests.observations.diabetes.running import SMALL, counts, diary, run
from tests.ports import free_port


def test_a_missing_folder_and_one_without_diaries_are_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="missing cannot be read: No such file or directory"):
        run(tmp_path / "missing")
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(CommandError, match="no file named data-01"):
        run(tmp_path)


def test_a_file_that_is_no_text_is_named_with_its_line_and_nothing_of_it_is_quoted(tmp_path: Path) -> None:
    diary(tmp_path, "05-02-1990 08:00 58 100")
    (tmp_path / "data-02").write_bytes(b"05-02-1990\t08:00\t58\t100\n05-02-1990\t09:00\t58\t\xff\n")
    with pytest.raises(CommandError, match=r"data-02 is not UTF-8 text: see its line 2\.$"):
        run(tmp_path)


def test_a_diary_that_is_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data-01").mkdir()
    with pytest.raises(CommandError, match="data-01 cannot be read: Is a directory"):
        run(tmp_path)


def test_a_report_that_cannot_be_written_is_known_before_the_import(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        run(report=tmp_path / "missing" / "report.csv")


@pytest.mark.django_db
def test_a_report_that_cannot_be_written_afterwards_is_told_behind_the_counts() -> None:
    printed = StringIO()
    with pytest.raises(
        CommandError, match=r"^The report /dev/full cannot be written: No space left on device\.$"
    ):
        call_command(
            "import_diabetes", str(SMALL), report=Path("/dev/full"), stdout=printed, stderr=StringIO()
        )
    assert counts(printed.getvalue())["measurements, new"] == Measurement.objects.count() > 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"timezone": "Europe/Nowhere"}, "time_zone: This is not an IANA time zone"),
        ({"organisation": ""}, "cannot be used: name: This field cannot be blank"),
        ({"submitter": "x" * 201}, "cannot be used: name: Ensure this value has at most 200"),
    ],
)
def test_names_and_time_zones_that_cannot_be_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(**options)
    assert not Organisation.objects.exists()


@pytest.mark.django_db
def test_an_organisation_in_another_time_zone_is_not_used() -> None:
    run()
    before = Measurement.objects.count()
    with pytest.raises(CommandError, match="is in the time zone Europe/Amsterdam, not America/Chicago"):
        run(timezone="America/Chicago")
    assert Measurement.objects.count() == before


def test_a_dead_database_gets_one_sentence() -> None:
    command = [sys.executable, "manage.py", "import_diabetes", str(SMALL)]
    dead = f"postgres://nobody@127.0.0.1:{free_port()}/nothing"
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": dead},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("CommandError: The database does not answer")


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    for content, lines in ((b"", 0), (b"\n", 1), (b"a\n\nb", 3), (b"a\r\nb\r\n", 2), (b"a\x0cb\n", 1)):
        (tmp_path / "data-01").write_bytes(content)
        [read] = read_diaries(tmp_path)
        assert len(read.lines) == lines
        assert not any("\r" in line for line in read.lines)
    with pytest.raises(CannotReadError):
        read_diaries(tmp_path / "data-01")


def test_progress_is_plain_lines_where_there_is_no_terminal() -> None:
    output = StringIO()
    with progress_on(output) as show:
        show(0, 1500)
        show(1000, 1500)
    assert output.getvalue() == "0 of 1,500 readings\n1,000 of 1,500 readings\n"


def test_progress_is_a_bar_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_on(Terminal()) as show:
        show(0, 1500)
        show(1500, 1500)
    assert "100%" in capsys.readouterr().err
