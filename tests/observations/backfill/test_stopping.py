"""A backfill that is cancelled or paused while a slice of it is under way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs.ledger import Lease, claim
from clinical_engine.jobs.models import Job
from observations.backfill import services
from observations.backfill.advancing import advance
from observations.backfill.jobs import BACKFILL
from observations.models import Backfill, Observation
from tests import factories
from tests.observations.backfill.support import alike, publish_chain, publish_fix, started, with_pulses
from tests.patients.concurrency import Threads, somebody_waits_for_a_lock, uncommitted, wait_until

pytestmark = pytest.mark.usefixtures("committed_db")
Work = Callable[[], int]


@pytest.fixture
def backfill(work: Work) -> Backfill:
    publish_chain()
    with_pulses(factories.submitter(), alike(5))
    work()
    publish_fix()
    return started()


@pytest.mark.parametrize("act", [services.pause, services.cancel])
def test_the_answer_comes_after_the_slice_under_way_and_nothing_is_computed_after_it(
    backfill: Backfill, work: Work, act: Any
) -> None:
    actor = factories.user()
    with Threads(2) as threads:
        with uncommitted(threads, lambda: advance(backfill.pk, backfill.job_id, 2)):
            answer = threads.start(act, actor=actor, backfill_id=backfill.pk, reason="ticket 15")
            wait_until(somebody_waits_for_a_lock)
            assert not answer.done()
        answer.result()
    backfill.refresh_from_db()
    assert backfill.patients_done == 2
    assert Job.objects.get(pk=backfill.job_id).state == "cancelled"
    rows = list(Observation.objects.order_by("pk").values_list("pk", "superseded_at"))
    work()
    assert list(Observation.objects.order_by("pk").values_list("pk", "superseded_at")) == rows


def test_a_job_that_was_claimed_before_the_cancel_finds_nothing_to_do_and_ends(
    backfill: Backfill, work: Work
) -> None:
    assert [job.id for job in claim(BACKFILL, "reruns", Lease(new_id(), "w-1"), limit=1)] == [backfill.job_id]
    services.cancel(actor=factories.user(), backfill_id=backfill.pk, reason="ticket 15")
    assert Job.objects.get(pk=backfill.job_id).state == "running"
    with transaction.atomic():
        assert advance(backfill.pk, backfill.job_id) is None
    backfill.refresh_from_db()
    assert backfill.patients_done == 0
