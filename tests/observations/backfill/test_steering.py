"""Starting, pausing, resuming and cancelling backfills; how fast they go, and what they cost."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import execute
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.jobs import worker
from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.jobs.states import FAILED
from observations.backfill import advancing, jobs, pace, services
from observations.backfill.probes import STALLED
from observations.models import Backfill, BackfillState, Observation, ScriptVersion
from observations.scripts.content import content_of
from observations.scripts.drafting import discard_draft, save_draft
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.observations.backfill.support import (
    CHANGED,
    PLAIN,
    Work,
    alike,
    compute_chain,
    draft_fix,
    finished,
    publish_fix,
    started,
    step,
    with_pulses,
)
from tests.observations.scripts.writing import publish, script_named

PERSON = "ticket 13"


@pytest.fixture
def submitter(db: None, work: Work) -> Submitter:
    """Five patients whose results a fix changes."""
    submitter = factories.submitter()
    compute_chain(submitter, 5, work)
    publish_fix()
    return submitter


@pytest.fixture
def two_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "FIRST", 2)
    monkeypatch.setattr(pace, "_MOST", 2)


def steer(act: Any, backfill: Backfill) -> None:
    act(actor=factories.user(), backfill_id=backfill.pk, reason=PERSON)
    backfill.refresh_from_db()


def test_a_paused_backfill_does_nothing_and_goes_on_where_it_stopped_when_it_is_resumed(
    submitter: Submitter, work: Work
) -> None:
    backfill = started()
    step(backfill, 2)
    steer(services.pause, backfill)
    work()
    backfill.refresh_from_db()
    assert (backfill.state, backfill.patients_done) == (BackfillState.PAUSED, 2)
    steer(services.resume, backfill)
    work()
    backfill.refresh_from_db()
    assert (backfill.state, backfill.patients_done, backfill.results) == (BackfillState.DONE, 5, 20)
    trail = AuditEntry.objects.filter(target_id=str(backfill.pk)).order_by("pk")
    assert [(entry.action, entry.reason) for entry in trail] == [
        ("backfill.start", "ticket 12"),
        ("backfill.pause", PERSON),
        ("backfill.resume", PERSON),
    ]


@pytest.mark.parametrize("act", [services.pause, services.cancel])
@pytest.mark.parametrize("state", ["available", "retryable", "dead", "invalid_payload"])
def test_paused_or_cancelled_its_job_has_ended_by_then_however_long_it_would_have_waited(
    submitter: Submitter, work: Work, act: Any, state: str
) -> None:
    backfill = started()
    step(backfill, 2)
    Job.objects.filter(pk=backfill.job_id).update(
        state=state,
        next_run_at=timezone.now() + days(1),
        finished_at=timezone.now() if state in FAILED else None,
    )
    steer(act, backfill)
    assert Job.objects.get(pk=backfill.job_id).state == "cancelled"
    work()
    backfill.refresh_from_db()
    assert backfill.patients_done == 2


def test_resumed_before_its_job_has_seen_the_pause_it_is_driven_by_one_job_only(
    submitter: Submitter, work: Work
) -> None:
    backfill = started()
    first = backfill.job_id
    steer(services.pause, backfill)
    steer(services.resume, backfill)
    assert advancing.advance(backfill.pk, first) is None
    work()
    backfill.refresh_from_db()
    assert (backfill.state, backfill.patients_done) == (BackfillState.DONE, 5)
    assert Job.objects.get(pk=backfill.job_id).state == "succeeded"
    assert Job.objects.get(pk=first).state == "cancelled"


def test_after_many_steps_another_job_takes_over(
    submitter: Submitter, work: Work, two_a_slice: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "STEPS_OF_A_JOB", 2)
    backfill = started()
    first = backfill.job_id
    work()
    backfill.refresh_from_db()
    assert (backfill.state, backfill.patients_done, backfill.results) == (BackfillState.DONE, 5, 20)
    assert backfill.job_id != first
    assert Attempt.objects.filter(job_id=first).count() == 2
    assert set(Job.objects.filter(kind="backfill").values_list("state", flat=True)) == {"succeeded"}


def test_what_a_cancelled_backfill_has_written_stands(submitter: Submitter, work: Work) -> None:
    backfill = started()
    step(backfill, 2)
    written = Observation.objects.count()
    steer(services.cancel, backfill)
    work()
    backfill.refresh_from_db()
    assert (backfill.state, backfill.patients_done) == (BackfillState.CANCELLED, 2)
    assert backfill.finished_at is not None
    assert Observation.objects.count() == written


@pytest.mark.parametrize(
    ("act", "states"),
    [
        (services.pause, ["paused", "done", "cancelled"]),
        (services.resume, ["running", "done", "cancelled"]),
        (services.cancel, ["done", "cancelled"]),
    ],
)
def test_what_the_state_does_not_allow_is_refused(submitter: Submitter, act: Any, states: list[str]) -> None:
    backfill = started()
    for state in states:
        Backfill.objects.update(state=state)
        with pytest.raises(NotAllowedNowError):
            steer(act, backfill)
        backfill.refresh_from_db()
        assert backfill.state == state


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("reason", {"reason": " "}),
        ("until", {"until": NOON - days(31)}),
        ("since", {"since": datetime.fromisoformat("0001-01-01T00:00+14:00")}),
        ("since", {"since": datetime.fromisoformat("9999-12-31T23:59-14:00")}),
        ("until", {"until": datetime.fromisoformat("9999-12-31T23:59-14:00")}),
        ("rate", {"rate": 0}),
        ("rate", {"rate": 10_001}),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing_behind(
    submitter: Submitter, field: str, options: dict[str, Any]
) -> None:
    with pytest.raises(RefusedError) as refused:
        started(**options)
    assert [refusal.field for refusal in refused.value.refusals] == [field]
    assert not Backfill.objects.exists()
    assert not Job.objects.filter(kind="backfill").exists()


def test_a_script_that_was_never_published_and_a_version_of_another_one_are_refused(
    submitter: Submitter,
) -> None:
    with pytest.raises(RefusedError, match="ever published"):
        started(script=script_named("new"))
    with pytest.raises(RefusedError, match="another script"):
        started(candidate=ScriptVersion.objects.get(script__name="mean"))


def test_the_script_of_one_organisation_is_computed_for_its_patients_only(
    submitter: Submitter, work: Work
) -> None:
    script = script_named("rate")
    script.organisation = factories.organisation()
    script.save()
    with pytest.raises(RefusedError, match="another organisation's"):
        started(script=script, organisation=submitter.organisation)
    assert finished(started(script=script)).patients_done == 0


def test_a_rate_is_kept_between_slices(submitter: Submitter, work: Work) -> None:
    backfill = started(rate=2)
    begun = timezone.now()
    worker.work("backfill", "reruns")
    due = Job.objects.get(pk=backfill.job_id).next_run_at
    assert timedelta(seconds=0.8) < due - begun < timedelta(seconds=60)
    worker.work("backfill", "reruns")
    backfill.refresh_from_db()
    # Unless this machine needed until then to look.
    assert backfill.patients_done == 2 or timezone.now() >= due


def test_slices_grow_while_they_are_quick_and_shrink_when_they_are_slow() -> None:
    assert pace.next_size(100, 0.01) == 200
    assert pace.next_size(100, 0.4) == 100
    assert pace.next_size(100, 4.0) == 10
    assert pace.next_size(1, 100.0) == 1
    assert pace.next_size(1_500, 0.0) == 2_000


def test_a_slice_of_many_patients_takes_as_many_statements_as_one_of_few(
    submitter: Submitter, work: Work
) -> None:
    with_pulses(factories.submitter(), alike(200, [90]))
    work()

    def statements(size: int, backfill: Backfill) -> int:
        with CaptureQueriesContext(connection) as captured:
            step(backfill, size)
        assert (backfill.patients_done, backfill.state) == (size, BackfillState.RUNNING)
        return len(captured)

    for dry_run in (True, False):
        few, many = started(dry_run=dry_run), started(dry_run=dry_run)
        assert statements(4, few) == statements(150, many) < 40
        publish("rate", PLAIN if dry_run else CHANGED)


def test_a_draft_that_is_edited_while_it_is_compared_ends_the_comparison(
    submitter: Submitter, two_a_slice: None
) -> None:
    draft = draft_fix(PLAIN)
    backfill = started(candidate=draft)
    step(backfill, 2)
    content = content_of(draft)
    content.test_cases.append({"inputs": {"pulse": None}, "not_computable": True})
    assert save_draft(actor=factories.user(), version=draft, content=content, seen=draft.edited_at)
    step(backfill, 2)
    assert (backfill.state, backfill.patients_done) == (BackfillState.CANCELLED, 2)
    assert AuditEntry.objects.get(action="backfill.cancel").actor is None


def test_with_a_draft_that_is_discarded_its_comparisons_go_and_their_jobs_end(
    submitter: Submitter, work: Work
) -> None:
    draft = draft_fix()
    backfill = started(candidate=draft)
    step(backfill, 2)
    discard_draft(actor=factories.user(), version=draft, reason=PERSON)
    work()
    assert not Backfill.objects.exists()
    assert Job.objects.get(kind="backfill").state == "succeeded"


def test_a_backfill_that_has_not_moved_for_ten_minutes_is_told_of(submitter: Submitter) -> None:
    started()
    moved(timezone.now() - timedelta(minutes=9))
    assert STALLED.read().ok
    moved(timezone.now() - timedelta(minutes=11))
    assert (STALLED.read().ok, STALLED.read().value) == (False, 1)
    Backfill.objects.update(state=BackfillState.PAUSED)
    assert STALLED.read().ok


def moved(time: datetime) -> None:
    execute("UPDATE jobs_job SET created_at = %s, claimed_at = %s WHERE kind = 'backfill'", [time, time])
