"""`manage.py reconcile`, as people call it from a shell."""

import gzip
from functools import partial
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from clinical_engine.common.database import execute
from clinical_engine.jobs.following import STALLED
from clinical_engine.running.processes import wait_until
from patients.models import Association, Roster, StatementSource
from submitters.models import Submitter
from tests import factories, long_work
from tests.jobs.support import elsewhere
from tests.long_work import Work, count, worked_off
from tests.patients.rosters.rows import SINCE, csv, ndjson
from tests.patients.rosters.support import roster_of

pytestmark = pytest.mark.usefixtures("committed_db")
AS_OF = ("--as-of", "2026-03-10T13:00+01:00")
CONFIRMED = ("--confirm", "The programme ends", "--actor", "support")
said = partial(long_work.said, "reconcile")
refused = partial(long_work.refused, "reconcile")


@pytest.fixture
def submitter(committed_db: None) -> Submitter:
    return factories.submitter(factories.organisation(name="Clinic/West"), name="COPD")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "list.ndjson"
    path.write_bytes(ndjson("p-1", "p-2", {"external_id": "p-3"}))
    return path


def linked() -> list[str]:
    rows = Association.objects.filter(dissociated_at=None).values_list("patient__external_id", flat=True)
    return sorted(rows)


def test_a_list_is_applied_and_the_differences_are_told(submitter: Submitter, file: Path, work: Work) -> None:
    with worked_off(work):
        text = said(submitter.id, file, *AS_OF)
    assert linked() == ["p-1", "p-2"]
    roster = Roster.objects.get()
    assert (roster.source, roster.as_of) == (StatementSource.IMPORT, factories.NOON)
    assert f"Read 3 lines, 1 of them unreadable; roster {roster.pk}." in text
    assert (count(text, "patients missing here"), count(text, "left alone: unclear")) == (2, 1)
    assert count(text, "linked or unlinked now") == 2
    assert "line 3: active_since: Is required." in text
    assert text.endswith("Applied.\n")


def test_a_submitter_may_be_named_and_a_dry_run_changes_nothing(
    submitter: Submitter, file: Path, work: Work
) -> None:
    with worked_off(work):
        text = said("Clinic/West/COPD", file, *AS_OF, "--dry-run")
    assert count(text, "patients missing here") == 2
    assert text.endswith("this was a dry run, nothing was changed.\n")
    assert not linked()


def test_a_dry_run_tells_that_the_guard_would_hold_the_list(
    submitter: Submitter, tmp_path: Path, work: Work
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(csv())
    with worked_off(work):
        text = said(submitter.id, empty, *AS_OF, "--dry-run")
    assert "\nIt would be held for a person: The roster is empty.\nCompared only" in text


@pytest.mark.parametrize("name", ["list.csv", "LIST.CSV.GZ", "list"])
def test_the_name_tells_the_form_or_the_option_does(
    submitter: Submitter, tmp_path: Path, work: Work, name: str
) -> None:
    body = csv(f"p-1,{SINCE}")
    path = tmp_path / name
    path.write_bytes(gzip.compress(body) if name.endswith("GZ") else body)
    form = () if "." in name else ("--form", "csv")
    with worked_off(work):
        said(submitter.id, path, *AS_OF, *form)
    assert linked() == ["p-1"]


def test_the_standard_input_is_read(
    submitter: Submitter, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(gzip.compress(ndjson("p-1")))))
    with worked_off(work):
        said(submitter.id, "-", *AS_OF, "--form", "ndjson.gz")
    assert linked() == ["p-1"]


def test_what_the_guard_holds_exits_with_1_and_a_person_who_may_can_confirm_it_at_once(
    submitter: Submitter, file: Path, tmp_path: Path, work: Work
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(csv())
    person = User.objects.create_superuser("support")
    with worked_off(work):
        said(submitter.id, file, *AS_OF)
        code, text = refused(submitter.id, empty, *AS_OF)
        assert (code, linked()) == (1, ["p-1", "p-2"])
        assert text.startswith("Look at the roster ")
        text = said(submitter.id, empty, *AS_OF, *CONFIRMED)
    assert "Confirmed, although held: The roster is empty." in text
    assert not linked()
    roster = Roster.objects.latest("id")
    assert (roster.source, roster.actor, roster.confirmed_by) == (StatementSource.STAFF, person, person)


def test_wrong_input_is_told_in_a_sentence_and_nothing_is_stored(
    submitter: Submitter, file: Path, tmp_path: Path
) -> None:
    for content, name in ((gzip.compress(b"x" * 9999)[:-9], "cut.csv.gz"), (b"p-1", "headless.csv")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.csv").mkdir()
    User.objects.create_user("guest")
    for arguments, sentence in (
        ((factories.organisation().id, file, *AS_OF), "There is no such submitter."),
        (("Clinic/West", file, *AS_OF), "There is no such submitter."),
        ((submitter.id, file, "--as-of", "noon"), "--as-of: must be a time such as"),
        ((submitter.id, file, "--as-of", "2026-03-10T12:00"), "as_of: Must have a time zone"),
        ((submitter.id, file, "--as-of", "2199-03-10T12:00Z"), "as_of: Must not be more than"),
        ((submitter.id, tmp_path / "none.csv", *AS_OF), "There is no file"),
        ((submitter.id, tmp_path / "folder.csv", *AS_OF), "There is no file"),
        ((submitter.id, tmp_path / "list.txt", *AS_OF), "--form: say what the file is"),
        ((submitter.id, "-", *AS_OF), "--form: say what the file is"),
        ((submitter.id, tmp_path / "cut.csv.gz", *AS_OF), "body: The gzip stream has no end"),
        ((submitter.id, tmp_path / "headless.csv", *AS_OF), "body: Line 1 must be the header"),
        ((submitter.id, file, *AS_OF, "--confirm", "Because"), "--confirm: needs --actor"),
        ((submitter.id, file, *AS_OF, "--confirm", ""), "--confirm: needs a reason"),
        ((submitter.id, file, *AS_OF, "--actor", "nobody"), "--actor: is the name of an active account."),
        ((submitter.id, file, *AS_OF, "--confirm", "x", "--actor", "guest"), "--actor: this account lacks"),
    ):
        code, text = refused(*arguments)
        assert (code, text[: len(sentence)]) == (2, sentence)
    assert not Roster.objects.exists()


def test_a_second_list_for_the_same_submitter_is_refused_while_the_first_is_applied(
    submitter: Submitter, file: Path
) -> None:
    roster_of(submitter, {})
    code, text = refused(submitter.id, file, *AS_OF)
    assert (code, text[:14]) == (2, "Another roster")


def test_a_job_that_failed_is_told(submitter: Submitter, file: Path) -> None:
    def kill() -> bool:
        return bool(execute("UPDATE jobs_job SET state = 'dead', finished_at = now() WHERE kind = 'roster'"))

    with elsewhere(lambda: wait_until(kill, seconds=60)) as killed:
        code, text = refused(submitter.id, file, *AS_OF)
        assert killed.result(timeout=60)
    assert code == 1
    assert "see the repair desk" in text


def test_it_says_when_nobody_works_and_can_be_interrupted(submitter: Submitter, file: Path) -> None:
    code, lines, rest = long_work.interrupted("reconcile", submitter.id, file, *AS_OF, after=3)
    assert code == 130
    assert lines[1:] == ["Comparing", f"Comparing; {STALLED}"]
    assert f"The roster {Roster.objects.get().pk} goes on" in rest


def test_a_reason_of_blanks_is_refused_before_anything_is_read(submitter: Submitter, file: Path) -> None:
    code, text = refused(submitter.id, file, *AS_OF, "--confirm", "  ")
    assert (code, text) == (2, "--confirm: needs a reason.")
    assert not Roster.objects.exists()
