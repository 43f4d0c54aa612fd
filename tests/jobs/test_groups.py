"""Failed work by cause: right while it is little, cheap when it is much."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from django.utils import timezone

from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import groups
from clinical_engine.jobs.groups import HOURS, Order, causes, count_anew
from clinical_engine.jobs.models import FailureGroup, Job, PeriodicRun
from clinical_engine.jobs.states import JobState
from tests.jobs.support import other_connection

_patients: Iterator[int] = count(1)
ONE, OTHER = new_id(), new_id()


def fail(cause: str, *, hours_ago: float = 0.5, **fields: object) -> Job:
    usual = {
        "kind": "associate",
        "queue": "default",
        "state": JobState.DEAD,
        "payload": {},
        "payload_version": 1,
        "patient_id": UUID(int=next(_patients)),
        "organisation_id": ONE,
        "claimed_release": "r1",
        "error": f"error {cause}",
        "fingerprint": cause,
        "finished_at": timezone.now() - timedelta(hours=hours_ago),
    }
    return Job.objects.create(**{**usual, **fields})


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "LIVE_UP_TO", 2)


@pytest.mark.django_db
def test_a_group_says_how_many_whose_since_when_and_by_which_releases() -> None:
    first = fail("a", hours_ago=60)
    fail("a", hours_ago=3.5, patient_id=first.patient_id, claimed_release="r2")
    last = fail("a", kind="recompute", organisation_id=OTHER, state=JobState.INVALID_PAYLOAD)
    fail("a", state=JobState.CANCELLED)
    fail("b")
    found = causes(Order.JOBS, 10)
    assert (found.jobs, found.causes, found.counted_at, found.pending) == (4, 2, None, False)
    a, b = found.groups
    assert (a.fingerprint, a.jobs, a.patients, a.organisations, a.error) == ("a", 3, 2, 2, "error a")
    assert (a.kinds, a.releases) == (["associate", "recompute"], ["r1", "r2"])
    assert (a.first_failed_at, a.last_failed_at) == (first.finished_at, last.finished_at)
    assert len(a.hours) == HOURS
    assert {hour: jobs for hour, jobs in enumerate(a.hours) if jobs} == {HOURS - 1: 1, HOURS - 4: 1}
    assert (b.fingerprint, b.jobs) == ("b", 1)


@pytest.mark.django_db
def test_nothing_failed_is_no_group() -> None:
    assert causes(Order.JOBS, 10) == groups.Causes([])


@pytest.mark.django_db
def test_either_order_puts_its_first_group_first_and_says_how_many_more_there_are() -> None:
    for cause, hours_ago in (("many", 5), ("many", 6), ("young", 1), ("old", 9)):
        fail(cause, hours_ago=hours_ago)
    for order, first in ((Order.JOBS, "many"), (Order.LAST, "young")):
        found = causes(order, 1)
        assert ([group.fingerprint for group in found.groups], found.causes, found.jobs) == ([first], 3, 4)


@pytest.mark.django_db
def test_a_failure_of_this_very_moment_counts_in_the_last_hour() -> None:
    fail("a", hours_ago=-0.01)
    assert causes(Order.JOBS, 1).groups[0].hours[-1] == 1


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.django_db
def test_many_are_shown_as_they_were_counted_last() -> None:
    for cause in "aab":
        fail(cause)
    assert causes(Order.JOBS, 10) == groups.Causes([], pending=True)
    assert count_anew()
    fail("b", hours_ago=0)
    found = causes(Order.LAST, 10)
    assert (found.jobs, found.causes, found.pending) == (3, 2, False)
    assert found.counted_at is not None
    live = groups._aggregated(Order.JOBS, 10).groups
    stored = causes(Order.JOBS, 10).groups
    assert [(group.fingerprint, group.jobs) for group in live] == [("a", 2), ("b", 2)]
    assert [(group.fingerprint, group.jobs) for group in stored] == [("a", 2), ("b", 1)]
    assert stored[0].hours == live[0].hours


@pytest.mark.django_db
def test_few_are_not_kept() -> None:
    fail("a")
    assert count_anew()
    assert not FailureGroup.objects.exists()
    assert causes(Order.JOBS, 10).jobs == 1


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.django_db
def test_a_count_is_followed_by_a_rest_of_nineteen_times_its_length() -> None:
    for cause in "abc":
        fail(cause)
    assert count_anew()
    now = timezone.now()
    run = PeriodicRun.objects.filter(name=groups.COUNTING)
    # Ten seconds long, and ended so long ago that the rest is nearly over.
    for ended, again in ((timedelta(seconds=185), False), (timedelta(seconds=195), True)):
        run.update(last_run_at=now - ended)
        FailureGroup.objects.update(counted_at=now - ended - timedelta(seconds=10))
        assert count_anew() is again


@pytest.mark.usefixtures("few_are_many", "committed_db")
def test_two_schedulers_count_once() -> None:
    for cause in "abc":
        fail(cause)
    with other_connection() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [groups._LOCK])
        assert not count_anew()
    assert count_anew()
