"""Two bulk reruns never take the same jobs."""

from contextlib import ExitStack

import pytest
from django.db import transaction

from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.reruns import services
from tests import factories
from tests.jobs.reruns.support import (
    begin,
    dead_jobs,
    items,
    run_to_its_end,
)
from tests.jobs.support import (
    RegisterKind,
    elsewhere,
    succeed,
    wait_for_a_lock_to_be_waited_for,
)

pytestmark = pytest.mark.usefixtures("committed_db")


def test_two_people_cannot_run_the_same_jobs_at_once(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 5)
    first = begin(kind)
    with pytest.raises(NotAllowedNowError, match="5 are in a rerun that is under way or paused"):
        begin(kind)
    fresh = dead_jobs(kind, 2)
    second = begin(kind)
    assert sorted(items(second)) == sorted(fresh)
    assert Rerun.objects.count() == 2
    assert run_to_its_end(first, kind).succeeded == 5


def test_of_two_starts_at_the_same_moment_one_takes_the_jobs(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 5)
    with ExitStack() as ending:
        with transaction.atomic():
            begin(kind)
            second = ending.enter_context(elsewhere(lambda: begin(kind)))
            wait_for_a_lock_to_be_waited_for()
        with pytest.raises(NotAllowedNowError, match="under way or paused"):
            second.result(timeout=60)
    assert Rerun.objects.count() == 1


def test_what_a_cancelled_rerun_did_not_set_going_is_free_for_another(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 5)
    rerun = begin(kind)
    services.cancel(actor=factories.user(), rerun_id=rerun.pk, reason="too early")
    assert begin(kind).total == 5
