"""A bulk rerun goes through its selection: first a few, then the others at its rate, each job once."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import database_now
from clinical_engine.jobs import ledger, services
from clinical_engine.jobs.models import Attempt, Job, Rerun, RerunItem
from clinical_engine.jobs.registry import RERUNS_QUEUE, kind_of
from clinical_engine.jobs.reruns import services as reruns
from clinical_engine.jobs.reruns import slices
from clinical_engine.jobs.reruns.limits import Limits
from tests import factories
from tests.budgets import queries_of
from tests.jobs.reruns.support import (
    QUICK,
    again,
    begin,
    counts,
    dead_jobs,
    drivers,
    failing,
    items,
    kill,
    outcomes,
    run_to_its_end,
    slice_of,
)
from tests.jobs.support import RegisterKind, claim, enqueue, lose_worker, states_of, succeed, work

pytestmark = pytest.mark.usefixtures("committed_db")


def test_every_chosen_job_runs_once_and_the_rerun_is_finished(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    job_ids = dead_jobs(kind, 300)
    rerun = run_to_its_end(begin(kind), kind)
    assert counts(rerun) == ("finished", 300, 300, 0, 0)
    assert rerun.finished_at is not None
    assert states_of(job_ids) == ["succeeded"] * 300
    assert Attempt.objects.filter(job__kind=kind.name).count() == 300
    assert set(Attempt.objects.filter(job__kind=kind.name).values_list("trigger", flat=True)) == {"user"}
    assert drivers(rerun) == ["succeeded"]
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["rerun.start", "rerun.finish"]


def test_the_first_few_are_waited_for_and_then_the_others_follow(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 100)
    rerun = begin(kind)
    assert counts(slice_of(rerun)) == ("canary", 20, 0, 0, 0)
    assert counts(slice_of(rerun)) == ("canary", 20, 0, 0, 0)
    work(kind)
    assert counts(slice_of(rerun)) == ("running", 100, 20, 0, 0)


def test_the_first_few_stand_for_all_kinds_causes_and_times(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    old, rare, young = dead_jobs(kind, 40), dead_jobs(kind, 10), dead_jobs(kind, 50)
    Job.objects.filter(pk__in=rare).update(fingerprint="feeddeadbeeff00d")
    rerun = begin(kind, Limits(canary=10))
    first, others = items(rerun)[:10], items(rerun)[10:]
    assert [len({*first} & {*jobs}) for jobs in (old, rare, young)] == [4, 1, 5]
    assert others == sorted(others)
    assert sorted([*first, *others]) == sorted([*old, *rare, *young])


def test_a_rate_is_kept_and_what_was_missed_does_not_come_all_at_once(
    new_kind: RegisterKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No time passes but what a slice is given: a quarter of a second more would be a job more.
    now = database_now()
    monkeypatch.setattr(slices, "database_now", lambda: now)
    kind = new_kind(succeed)
    dead_jobs(kind, 100)
    rerun = begin(kind, Limits(rate=4, canary=0))
    assert slice_of(rerun).started == 4
    work(kind)
    assert slice_of(rerun, seconds=2.1).started == 12
    work(kind)
    assert slice_of(rerun, seconds=3600).started == 32


def test_a_fraction_of_a_job_is_not_lost_between_two_slices(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 20)
    rerun = begin(kind, Limits(rate=1, canary=0))
    slice_of(rerun)
    for _ in range(4):
        slice_of(rerun, seconds=1.5)
        work(kind)
    assert slice_of(rerun, seconds=0.01).started >= 7


def test_no_more_are_under_way_than_the_brake_can_stop(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 100)
    rerun = begin(kind, Limits(rate=10, canary=0))
    for _ in range(9):
        slice_of(rerun)
    assert again(rerun).in_flight == 50
    assert run_to_its_end(rerun, kind).succeeded == 100


def test_new_work_is_never_in_the_way_of_a_rerun_nor_behind_it(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    job_ids = dead_jobs(kind, 30)
    slice_of(begin(kind, Limits(rate=1000, canary=0)))
    assert set(Job.objects.filter(pk__in=job_ids).values_list("queue", flat=True)) == {RERUNS_QUEUE}
    assert set(Job.objects.filter(kind="rerun").values_list("queue", flat=True)) == {RERUNS_QUEUE}
    assert claim(kind) == []


def test_what_fails_after_the_start_is_not_in_it(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 30)
    rerun = begin(kind)
    later = dead_jobs(kind, 10)
    slice_of(rerun)
    kill(later_still := enqueue(kind, 1))
    assert counts(run_to_its_end(rerun, kind)) == ("finished", 30, 30, 0, 0)
    assert states_of([*later, *later_still]) == ["dead"] * 11
    assert RerunItem.objects.count() == 30


def test_jobs_that_are_no_longer_as_they_were_chosen_are_left_alone(new_kind: RegisterKind) -> None:
    kind = new_kind(failing({1}))
    job_ids = dead_jobs(kind, 5)
    rerun = begin(kind, Limits(rate=1000, canary=0, failed_share=100))
    somebody = factories.user()
    services.run_again(actor=somebody, job_ids=job_ids[:2], reason="ticket 13")
    work(kind)
    services.discard(actor=somebody, job_ids=[job_ids[2]], reason="ticket 13")
    services.run_again(actor=somebody, job_ids=[job_ids[3]], reason="ticket 13")
    # Succeeded, failed once more, discarded, waiting because of somebody else; the last one is as it was.
    assert states_of(job_ids) == ["succeeded", "dead", "cancelled", "available", "dead"]
    assert slice_of(rerun).skipped == 4
    assert states_of(job_ids) == ["succeeded", "dead", "cancelled", "available", "available"]
    assert counts(run_to_its_end(rerun, kind)) == ("finished", 5, 1, 0, 4)


def test_jobs_that_somebody_cancels_before_they_are_tried_count_as_left_alone(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    job_ids = dead_jobs(kind, 4)
    rerun = begin(kind)
    slice_of(rerun)
    services.cancel(actor=factories.user(), job_ids=job_ids[:1], reason="ticket 13")
    Job.objects.filter(pk=job_ids[1]).delete()
    assert counts(run_to_its_end(rerun, kind)) == ("finished", 4, 2, 0, 2)


def test_jobs_that_were_cancelled_run_again_where_the_filter_names_that_state(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    cancelled, dead = dead_jobs(kind, 3, state="cancelled"), dead_jobs(kind, 3)
    rerun = run_to_its_end(begin(kind, state="cancelled"), kind)
    assert counts(rerun) == ("finished", 3, 3, 0, 0)
    assert states_of([*cancelled, *dead]) == ["succeeded"] * 3 + ["dead"] * 3


def test_a_job_whose_worker_is_lost_has_not_failed_and_is_waited_for(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    job_ids = dead_jobs(kind, 3)
    rerun = begin(kind)
    slice_of(rerun)
    assert len(claim(kind, queue=RERUNS_QUEUE)) == 3
    lose_worker(*job_ids)
    ledger.return_lost()
    assert counts(slice_of(rerun)) == ("canary", 3, 0, 0, 0)
    work(kind, suspects=True)
    assert counts(slice_of(rerun)) == ("finished", 3, 3, 0, 0)


def test_a_poison_job_fails_alone(new_kind: RegisterKind) -> None:
    kind = new_kind(failing({17}))
    job_ids = dead_jobs(kind, 60)
    rerun = run_to_its_end(begin(kind), kind)
    assert counts(rerun) == ("finished", 60, 59, 1, 0)
    assert states_of([job_ids[17]]) == ["dead"]
    failed = RerunItem.objects.get(outcome="failed")
    assert (failed.job_id, failed.fingerprint) == (job_ids[17], Job.objects.get(pk=job_ids[17]).fingerprint)


def test_a_job_that_failed_and_will_be_tried_once_more_by_itself_has_failed_again(
    new_kind: RegisterKind,
) -> None:
    def stumble(batch: object) -> None:
        raise ZeroDivisionError

    kind = new_kind(stumble)
    [job_id] = dead_jobs(kind, 1)
    rerun = run_to_its_end(begin(kind), kind)
    assert counts(rerun) == ("finished", 1, 0, 1, 0)
    assert states_of([job_id]) == ["retryable"]
    assert outcomes(rerun) == ["failed"]


def test_a_slice_that_dies_with_its_worker_is_done_again_and_sets_nothing_going_twice(
    new_kind: RegisterKind,
) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 30)
    rerun = begin(kind)
    [driver] = Job.objects.filter(kind="rerun")

    assert len(claim(kind_of("rerun"), queue=RERUNS_QUEUE)) == 1
    lose_worker(driver.pk)
    ledger.return_lost()
    work(kind_of("rerun"), suspects=True)
    assert again(rerun).started == 20
    assert counts(run_to_its_end(rerun, kind)) == ("finished", 30, 30, 0, 0)
    assert Attempt.objects.filter(job__kind=kind.name).count() == 30


def test_a_long_rerun_is_driven_by_one_job_after_another(
    new_kind: RegisterKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICES_OF_A_DRIVER", 3)
    kind = new_kind(succeed)
    dead_jobs(kind, 100)
    rerun = run_to_its_end(begin(kind, Limits(rate=4, canary=4)), kind)
    assert counts(rerun) == ("finished", 100, 100, 0, 0)
    assert len(drivers(rerun)) > 2
    assert set(drivers(rerun)) == {"succeeded"}


def test_a_driver_whose_rerun_is_gone_ends(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 3)
    rerun = begin(kind, QUICK)
    RerunItem.objects.all().delete()
    Rerun.objects.all().delete()
    work_driver = Job.objects.get(kind="rerun")

    work(kind_of("rerun"))
    work_driver.refresh_from_db()
    assert work_driver.state == "succeeded"
    assert not Rerun.objects.filter(pk=rerun.pk).exists()


def test_a_slice_takes_the_same_queries_for_one_job_and_for_fifty(new_kind: RegisterKind) -> None:
    numbers = []
    for count in (1, 50):
        kind = new_kind(succeed)
        dead_jobs(kind, 2 * count)
        rerun = begin(kind, Limits(rate=count, canary=0))
        slice_of(rerun)
        work(kind)
        Rerun.objects.filter(pk=rerun.pk).update(last_slice_at=F("last_slice_at") - timedelta(seconds=1))
        numbers.append(queries_of(lambda rerun=rerun: step(rerun)))  # type: ignore[misc]
        assert again(rerun).succeeded == count
        run_to_its_end(rerun, kind)
    assert numbers[0] == numbers[1] <= 10


def step(rerun: Rerun) -> None:
    with transaction.atomic():
        slices.advance(rerun.pk, rerun.driver_id, 0)


def test_an_earlier_driving_job_that_comes_back_stops_by_itself(new_kind: RegisterKind) -> None:
    kind, person = new_kind(succeed), factories.user()
    dead_jobs(kind, 100)
    rerun = begin(kind, Limits(rate=10, canary=0))
    reruns.pause(actor=person, rerun_id=rerun.pk, reason="ticket 12")
    reruns.resume(actor=person, rerun_id=rerun.pk, reason="ticket 12")
    assert drivers(rerun) == ["available", "available"]
    assert slice_of(rerun).started == 10, "one slice, not two"
    assert drivers(rerun) == ["succeeded", "available"]
    work(kind)
    assert Job.objects.filter(kind=kind.name, queue=RERUNS_QUEUE).count() == 10
