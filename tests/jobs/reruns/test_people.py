"""People start, pause, resume and cancel bulk reruns: audited, once, and told in words when it cannot be."""

from contextlib import ExitStack

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs.models import Job, Rerun, RerunItem
from clinical_engine.jobs.reruns import services
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.selection import Selection
from tests.jobs.reruns.support import (
    QUICK,
    again,
    begin,
    counts,
    dead_jobs,
    drivers,
    failing,
    run_to_its_end,
    slice_of,
)
from tests.jobs.support import (
    RegisterKind,
    elsewhere,
    states_of,
    succeed,
    wait_for_a_lock_to_be_waited_for,
)

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def person(committed_db: None) -> User:
    return User.objects.create_user("support")


def trail() -> list[tuple[str, str, str]]:
    entries = AuditEntry.objects.order_by("pk").select_related("actor")
    return [
        (entry.action, entry.actor.username if entry.actor else "the machine", entry.reason)
        for entry in entries
    ]


def test_the_start_is_recorded_with_the_filter_and_the_number(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 3)
    rerun = begin(kind, actor=person)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target_id) == (person, "rerun.start", str(rerun.pk))
    assert entry.reason == "ticket 12"
    assert entry.details == {
        "filter": {"state": "failed", "kind": kind.name},
        "jobs": 3,
        "left_out": 0,
        "in_other_reruns": 0,
        "rate": 1000,
        "canary": 20,
        "failed_share": 10,
    }


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        ({"kind": "no-such-kind"}, "No job that could run again matches this filter."),
        ({"state": "succeeded"}, "Running again changes only jobs that failed"),
    ],
)
def test_a_selection_without_jobs_is_refused_in_words_and_nothing_is_written(
    filters: dict[str, str], sentence: str, new_kind: RegisterKind, person: User
) -> None:
    dead_jobs(new_kind(succeed), 1)
    with pytest.raises(NotAllowedNowError, match=sentence):
        services.start(actor=person, selection=Selection.parse(filters), reason="ticket 12", limits=QUICK)
    assert not Rerun.objects.exists()
    assert not RerunItem.objects.exists()
    assert not AuditEntry.objects.exists()
    assert Job.objects.count() == 1


def test_jobs_of_a_kind_that_is_gone_are_refused_in_words(new_kind: RegisterKind, person: User) -> None:
    dead_jobs(new_kind(succeed), 2)
    Job.objects.update(kind="gone")
    with pytest.raises(NotAllowedNowError, match="2 cannot be read by this release"):
        services.start(
            actor=person, selection=Selection.parse({"kind": "gone"}), reason="ticket 12", limits=QUICK
        )
    assert not Rerun.objects.exists()


@pytest.mark.parametrize(
    "limits", [Limits(rate=0), Limits(rate=1001), Limits(canary=-1), Limits(failed_share=101)]
)
def test_limits_out_of_range_are_refused(limits: Limits, new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 1)
    with pytest.raises(RefusedError, match="is a whole number from"):
        begin(kind, limits)
    assert not Rerun.objects.exists()


def test_nobody_acts_without_a_reason(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 1)
    rerun = begin(kind)
    with pytest.raises(RefusedError, match="reason"):
        services.pause(actor=person, rerun_id=rerun.pk, reason=" ")
    assert again(rerun).state == "canary"


def test_jobs_that_this_release_cannot_read_are_left_out(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    job_ids = dead_jobs(kind, 4)
    Job.objects.filter(pk=job_ids[0]).update(revised_payload={"number": "x"}, revised_version=1)
    Job.objects.filter(pk=job_ids[1]).update(revised_payload={"number": 1}, revised_version=9)
    rerun = run_to_its_end(begin(kind), kind)
    assert counts(rerun) == ("finished", 2, 2, 0, 0)
    assert states_of(job_ids) == ["dead", "dead", "succeeded", "succeeded"]


def test_a_bad_rerun_stops_after_its_first_few(new_kind: RegisterKind) -> None:
    kind = new_kind(failing(range(500)))
    job_ids = dead_jobs(kind, 500)
    rerun = run_to_its_end(begin(kind), kind)
    assert counts(rerun) == ("paused", 20, 0, 20, 0)
    assert rerun.paused_because == "20 of the first 20 jobs failed again; up to 10 % may."
    assert Job.objects.filter(pk__in=job_ids, attempts_made=0).count() == 480
    assert trail()[1:] == [("rerun.pause", "the machine", rerun.paused_because)]
    assert drivers(rerun) == ["succeeded"], "nothing goes round while it is paused"


def test_it_pauses_by_itself_when_too_many_fail_later(new_kind: RegisterKind) -> None:
    kind = new_kind(failing(range(150, 500)))
    dead_jobs(kind, 500)
    rerun = run_to_its_end(begin(kind, Limits(rate=10, canary=0)), kind)
    assert rerun.state == "paused"
    # What was under way at that moment has ended, and has been counted.
    assert 150 < rerun.started <= 250
    assert rerun.ended == rerun.started
    assert "jobs that ended since the start failed again; up to 10 % may." in rerun.paused_because


def test_a_share_is_not_judged_by_a_few_jobs(new_kind: RegisterKind) -> None:
    kind = new_kind(failing({0, 1}))
    dead_jobs(kind, 200)
    rerun = run_to_its_end(begin(kind, Limits(rate=1, canary=0)), kind)
    assert counts(rerun) == ("finished", 200, 198, 2, 0)


def test_after_a_resume_the_failures_from_before_no_longer_count(
    new_kind: RegisterKind, person: User
) -> None:
    kind = new_kind(failing(range(0, 500, 25)))
    dead_jobs(kind, 500)
    rerun = run_to_its_end(begin(kind), kind)
    assert counts(rerun) == ("paused", 20, 0, 20, 0)
    services.resume(actor=person, rerun_id=rerun.pk, reason="ticket 14")
    assert again(rerun).state == "running"
    rerun = run_to_its_end(rerun, kind)
    assert counts(rerun) == ("finished", 500, 480, 20, 0)
    assert drivers(rerun) == ["succeeded", "succeeded"]


def test_pausing_lets_what_is_under_way_end_and_be_counted(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(succeed)
    job_ids = dead_jobs(kind, 100)
    rerun = begin(kind)
    slice_of(rerun)
    services.pause(actor=person, rerun_id=rerun.pk, reason="too fast")
    rerun = run_to_its_end(rerun, kind)
    assert counts(rerun) == ("paused", 20, 20, 0, 0)
    assert rerun.paused_because == "support: too fast"
    assert states_of(job_ids).count("dead") == 80
    services.resume(actor=person, rerun_id=rerun.pk, reason="go on")
    assert counts(run_to_its_end(rerun, kind)) == ("finished", 100, 100, 0, 0)
    assert [(action, who) for action, who, _ in trail()[1:]] == [
        ("rerun.pause", "support"),
        ("rerun.resume", "support"),
        ("rerun.finish", "the machine"),
    ]


def test_a_rerun_paused_while_its_first_few_are_tried_goes_on_waiting_for_them(
    new_kind: RegisterKind, person: User
) -> None:
    kind = new_kind(failing(range(100)))
    dead_jobs(kind, 100)
    rerun = begin(kind)
    slice_of(rerun)
    services.pause(actor=person, rerun_id=rerun.pk, reason="lunch")
    services.resume(actor=person, rerun_id=rerun.pk, reason="back")
    assert again(rerun).state == "canary"
    assert counts(run_to_its_end(rerun, kind)) == ("paused", 20, 0, 20, 0)


def test_the_time_of_a_pause_is_not_made_up_for(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 100)
    rerun = begin(kind, Limits(rate=10, canary=0))
    slice_of(rerun)
    services.pause(actor=person, rerun_id=rerun.pk, reason="lunch")
    services.resume(actor=person, rerun_id=rerun.pk, reason="back")
    assert slice_of(rerun).started == 20


def test_cancelling_leaves_the_rest_as_it_was(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(succeed)
    job_ids = dead_jobs(kind, 100)
    rerun = begin(kind)
    slice_of(rerun)
    services.cancel(actor=person, rerun_id=rerun.pk, reason="wrong filter")
    rerun = run_to_its_end(rerun, kind)
    assert counts(rerun) == ("cancelled", 20, 20, 0, 0)
    assert rerun.finished_at is not None
    assert states_of(job_ids).count("dead") == 80
    assert drivers(rerun) == ["succeeded", "succeeded"]


def test_a_paused_rerun_can_be_cancelled(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(failing(range(100)))
    dead_jobs(kind, 100)
    rerun = run_to_its_end(begin(kind), kind)
    services.cancel(actor=person, rerun_id=rerun.pk, reason="ticket 14")
    assert counts(run_to_its_end(rerun, kind)) == ("cancelled", 20, 0, 20, 0)


@pytest.mark.parametrize(
    ("before", "step", "sentence"),
    [
        ([], "resume", "Nothing was changed: the rerun is trying its first jobs."),
        (["pause"], "pause", "Nothing was changed: the rerun is paused."),
        (["cancel"], "pause", "Nothing was changed: the rerun was cancelled."),
        (["cancel"], "resume", "Nothing was changed: the rerun was cancelled."),
        (["cancel"], "cancel", "Nothing was changed: the rerun was cancelled."),
    ],
)
def test_a_step_that_cannot_be_done_now_changes_nothing(
    before: list[str], step: str, sentence: str, new_kind: RegisterKind, person: User
) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 1)
    rerun = begin(kind)
    for earlier in before:
        getattr(services, earlier)(actor=person, rerun_id=rerun.pk, reason="ticket 12")
    said = trail()
    with pytest.raises(NotAllowedNowError) as refused:
        getattr(services, step)(actor=person, rerun_id=rerun.pk, reason="ticket 12")
    assert str(refused.value) == sentence
    assert trail() == said


def test_a_rerun_that_is_not_there_is_said_to_be(person: User) -> None:
    with pytest.raises(NotAllowedNowError, match=r"There is no such rerun\."):
        services.pause(actor=person, rerun_id=new_id(), reason="ticket 12")


def test_of_two_people_who_resume_at_once_one_wins_and_the_other_is_told(
    new_kind: RegisterKind, person: User
) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 1)
    rerun = begin(kind)
    services.pause(actor=person, rerun_id=rerun.pk, reason="ticket 12")
    other = User.objects.create_user("other")

    def resume_too() -> str:
        try:
            services.resume(actor=other, rerun_id=rerun.pk, reason="ticket 13")
        except NotAllowedNowError as error:
            return str(error)
        return ""

    with ExitStack() as stack:
        with transaction.atomic():
            services.resume(actor=person, rerun_id=rerun.pk, reason="ticket 12")
            second = stack.enter_context(elsewhere(resume_too))
            wait_for_a_lock_to_be_waited_for()
        assert second.result(timeout=60) == "Nothing was changed: the rerun is trying its first jobs."
    assert [who for action, who, _ in trail() if action == "rerun.resume"] == ["support"]


def test_a_rerun_whose_driving_job_died_goes_on_when_it_is_paused_and_resumed(
    new_kind: RegisterKind, person: User
) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 100)
    rerun = begin(kind)
    slice_of(rerun)
    Job.objects.filter(kind="rerun").update(state="dead", finished_at=rerun.created_at)
    services.pause(actor=person, rerun_id=rerun.pk, reason="ticket 12")
    services.resume(actor=person, rerun_id=rerun.pk, reason="ticket 12")
    assert counts(run_to_its_end(rerun, kind)) == ("finished", 100, 100, 0, 0)
    assert drivers(rerun) == ["dead", "succeeded"]
