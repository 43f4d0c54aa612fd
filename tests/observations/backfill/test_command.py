"""`manage.py backfill`, as people call it from a shell."""

from functools import partial

import pytest

from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs.following import STALLED
from observations.backfill import services, watching
from observations.models import Backfill, BackfillState
from patients.models import Patient
from tests import factories, long_work
from tests.long_work import Terminal, count, worked_off
from tests.observations.backfill.support import (
    FAILING,
    Work,
    alike,
    draft_fix,
    publish_chain,
    publish_fix,
    started,
    with_pulses,
)

pytestmark = pytest.mark.usefixtures("committed_db")
SINCE = "2026-02-01"
REASON = ("--reason", "ticket 12")
refused = partial(long_work.refused, "backfill")


@pytest.fixture(autouse=True)
def three_patients(committed_db: None, work: Work) -> None:
    publish_chain()
    with_pulses(factories.submitter(), alike(3))
    work()


def said(*arguments: object) -> str:
    """What the command prints on both streams: nothing that names a patient."""
    text = long_work.said("backfill", *arguments)
    assert not any(
        str(patient.pk) in text or patient.external_id in text for patient in Patient.objects.all()
    )
    return text


def test_a_dry_run_tells_what_the_backfill_then_does(work: Work) -> None:
    publish_fix()
    with worked_off(work):
        dry = said("rate", "--since", SINCE, "--dry-run", *REASON)
        real = said("rate", "--since", SINCE, "--until", "2026-03-10T12:00+00:00", *REASON)
    for text in (dry, real):
        assert (count(text, "results of the script"), count(text, "changed")) == (12, 6)
        assert "by +10 to +10, +10 on average" in text
        assert count(text, "normal → abnormal") == 6
    assert "nothing of this was stored" in dry
    assert real.endswith("Done.\n")
    assert AuditEntry.objects.filter(action="backfill.start", reason="ticket 12").count() == 2


def test_a_candidate_is_compared_and_a_script_that_fails_is_told_by_the_exit_code(work: Work) -> None:
    draft = draft_fix(FAILING)
    with worked_off(work):
        code, sentence = refused("rate", "--since", SINCE, "--candidate", draft.number, *REASON)
    assert (code, sentence) == (1, "Not every patient's results are as the scripts say.")
    backfill = Backfill.objects.get()
    assert (backfill.candidate, backfill.dry_run, backfill.patients_failed) == (draft, True, 3)


def test_a_backfill_is_paused_resumed_followed_and_cancelled(work: Work) -> None:
    backfill = started()
    as_support = (*REASON, "--actor", factories.user(is_superuser=True).username)
    assert said("--pause", backfill.pk, *as_support) == f"Paused: backfill {backfill.pk}.\n"
    assert refused("--follow", backfill.pk)[0] == 1
    said("--resume", backfill.pk, *as_support)
    with worked_off(work):
        assert "Done." in said("--follow", backfill.pk)
    assert refused("--cancel", backfill.pk, *as_support)[0] == 2
    other = started()
    said("--cancel", other.pk, *as_support)
    other.refresh_from_db()
    assert other.state == BackfillState.CANCELLED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing", "--since", SINCE, *REASON), "no script of this name"),
        (("rate", *REASON), "--since"),
        (("rate", "--since", SINCE), "reason"),
        (("rate", "--since", SINCE, "--candidate", "99", *REASON), "--candidate"),
        (("rate", "--since", SINCE, "--rate", "0", *REASON), "rate"),
        (("rate", "--since", SINCE, "--actor", "nobody", *REASON), "--actor"),
        (
            ("rate", "--since", SINCE, "--organisation", "0197a3c2-6d40-7b1a-8c55-9e4f7a20d3c1", *REASON),
            "--organisation",
        ),
        (("--follow", "0197a3c2-6d40-7b1a-8c55-9e4f7a20d3c1"), "no such backfill"),
        (
            ("rate", "--since", "yesterday", *REASON),
            "--since: write 2026-03-10 or 2026-03-10T12:00+01:00, without a zone in UTC",
        ),
        (("rate", "--since", SINCE, "--until", "2026-02-30", *REASON), "--until: write 2026-03-10 or"),
        (("rate", "--since", "2026-03-10T25:00", *REASON), "--since: write 2026-03-10 or"),
        (("rate", "--since", "--until", SINCE, *REASON), "--since"),
        (("rate", "--since", "0001-01-01T00:00+14:00", *REASON), "since: Must not be before 1900."),
        (("rate", "--since", "9999-12-31T23:59-14:00", *REASON), "since: Must not be more than 10 minutes"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(arguments: tuple[str, ...], words: str) -> None:
    try:
        text = refused(*arguments)[1]
    except ValueError as error:
        text = str(error)
    assert words in text
    assert not Backfill.objects.exists()


def test_interrupted_it_goes_on_and_says_how_it_is_followed(work: Work) -> None:
    code, lines, rest = long_work.interrupted("backfill", "rate", "--since", SINCE, *REASON, after=2)
    backfill = Backfill.objects.get()
    assert code == 130
    assert lines[0] == f"Started: backfill {backfill.pk}."
    assert "0 of about 3 patients" in lines[1]
    assert f"--follow {backfill.pk}" in rest
    work()
    backfill.refresh_from_db()
    assert backfill.state == BackfillState.DONE


def test_interrupted_before_it_is_stored_it_says_so() -> None:
    arguments = ("rate", "--since", SINCE, *REASON)
    code, text = long_work.interrupted_where_it_writes("backfill", *arguments, table="observations_backfill")
    assert (code, text) == (130, "CommandError: Interrupted; nothing was stored.\n")
    assert not Backfill.objects.exists()


def test_beside_the_bar_a_terminal_tells_what_changed_and_that_it_stands_still(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watching, "_STALLED_AFTER_SECONDS", -1)
    backfill = started()
    services.pause(actor=factories.user(), backfill_id=backfill.pk, reason="ticket 12")
    watching.follow(backfill, Terminal())
    assert f"0 results changed; {STALLED}]" in capsys.readouterr().err
