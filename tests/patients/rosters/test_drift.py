"""Who is active in vitals and not linked here is found by comparing the last roster again, whatever the cause."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier

import pytest

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import execute, fetch_all
from clinical_engine.jobs import services as jobs
from clinical_engine.jobs.models import Job
from patients.models import Association, Roster, RosterChange, RosterLine, RosterState
from patients.rosters import schedule, selectors
from patients.rosters.comparing import compare_again, who_drifts
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON
from tests.patients.concurrency import Threads
from tests.patients.rosters.support import (
    SINCE,
    lines_of,
    linked,
    patients,
    roster_from,
    roster_of,
    state_inactive,
    step,
)

Work = Callable[[], int]
DAY = timedelta(days=1)


def apply(submitter: Submitter, work: Work, number: int = 10, as_of: timedelta = timedelta(0)) -> Roster:
    roster = roster_of(submitter, patients(number), NOON + as_of)
    work()
    roster.refresh_from_db()
    assert (roster.state, roster.is_last) == (RosterState.APPLIED, True)
    return roster


def let_it_be_due() -> None:
    execute("UPDATE patients_roster SET drift_due_at = clock_timestamp() - interval '1 second' WHERE is_last")


def drift_of(roster: Roster, work: Work) -> int | None:
    """What the next comparison on the schedule finds."""
    let_it_be_due()
    assert schedule.compare_what_is_due() == 1
    work()
    roster.refresh_from_db()
    return roster.drift


def unlink_by_sql(submitter: Submitter, *external_ids: str) -> None:
    """As if an association had never been written, or got lost."""
    Association.objects.filter(submitter=submitter, patient__external_id__in=external_ids).delete()


def test_a_roster_is_compared_again_soon_after_it_was_applied(submitter: Submitter, work: Work) -> None:
    roster = apply(submitter, work)
    assert (roster.drift, roster.drift_compared_at) == (None, None)
    assert schedule.compare_what_is_due() == 1
    work()
    roster.refresh_from_db()
    assert roster.drift == 0
    assert roster.drift_compared_at is not None
    assert not selectors.drifting().exists()
    # And not again before it is due.
    assert schedule.compare_what_is_due() == 0


def test_an_association_that_is_lost_is_found(submitter: Submitter, work: Work) -> None:
    roster = apply(submitter, work)
    assert drift_of(roster, work) == 0
    unlink_by_sql(submitter, "p-000003", "p-000007")
    assert drift_of(roster, work) == 2
    assert list(selectors.drifting()) == [roster]
    assert [(external_id, since) for _, external_id, since in who_drifts(roster, 10)] == [
        ("p-000003", SINCE),
        ("p-000007", SINCE),
    ]
    assert len(who_drifts(roster, 1)) == 1


def test_patients_who_left_since_then_do_not_drift(submitter: Submitter, work: Work) -> None:
    roster = apply(submitter, work)
    state_inactive(submitter, "p-000003", since=NOON + DAY)
    work()
    assert drift_of(roster, work) == 0


def test_patients_stated_inactive_before_the_list_that_has_them_active_drift(
    submitter: Submitter, work: Work
) -> None:
    roster = apply(submitter, work)
    state_inactive(submitter, "p-000003", since=NOON - DAY)
    work()
    assert drift_of(roster, work) == 1


def test_patients_who_could_not_be_linked_drift_until_they_are(submitter: Submitter, work: Work) -> None:
    body = lines_of(patients(3)) + b'{"external_id": "unclear", "active_since": "soon"}\n'
    roster = roster_from(submitter, body)
    work()
    roster.refresh_from_db()
    assert (roster.unclear, drift_of(roster, work)) == (1, 1)
    assert [external_id for _, external_id, _ in who_drifts(roster, 10)] == ["unclear"]


def test_the_next_roster_mends_drift(submitter: Submitter, work: Work) -> None:
    first = apply(submitter, work)
    unlink_by_sql(submitter, "p-000003")
    assert drift_of(first, work) == 1
    second = apply(submitter, work, as_of=DAY)
    # The old list's finding is gone with it: what counts is the new one's.
    first.refresh_from_db()
    assert (first.is_last, first.drift) == (False, None)
    assert not selectors.drifting().exists()
    assert (second.missing, drift_of(second, work)) == (1, 0)
    assert linked(submitter)["p-000003"] == SINCE


def test_the_last_list_is_compared_until_the_next_one_is_applied(submitter: Submitter, work: Work) -> None:
    first = apply(submitter, work)
    unlink_by_sql(submitter, "p-000003")
    second = roster_of(submitter, patients(10), NOON + DAY)
    step(second)
    assert second.state == RosterState.APPLYING
    compare_again(first)
    assert list(selectors.drifting()) == [first]
    step(second)
    assert second.state == RosterState.APPLIED
    assert not selectors.drifting().exists()


def test_a_comparison_of_a_list_that_is_not_the_last_any_more_does_nothing(
    submitter: Submitter, work: Work
) -> None:
    first = apply(submitter, work)
    let_it_be_due()
    assert schedule.compare_what_is_due() == 1
    second = roster_of(submitter, patients(10), NOON + DAY)
    while step(second):
        pass
    assert not RosterLine.objects.filter(roster=first).exists()
    work()
    first.refresh_from_db()
    assert (first.drift, first.drift_compared_at) == (None, None)
    assert not Job.objects.exclude(state="succeeded").exists()


@pytest.mark.parametrize(
    "newer", [{"as_of": DAY}, {"as_of": DAY, "dry_run": True}], ids=["roster", "dry run"]
)
def test_rows_that_nobody_needs_any_more_are_cleared_away(
    submitter: Submitter, work: Work, newer: dict[str, object]
) -> None:
    oldest = apply(submitter, work)
    dry = roster_of(submitter, patients(5), NOON, dry_run=True)
    work()
    second = apply(submitter, work, number=12, as_of=DAY / 2)
    options = {"dry_run": True} if "dry_run" in newer else {}
    last = roster_of(submitter, patients(15), NOON + DAY, **options)
    work()
    stored = dict(Roster.objects.values_list("pk", "is_stored"))
    kept = {last.pk, second.pk} if options else {last.pk}
    assert stored == {roster.pk: roster.pk in kept for roster in (oldest, dry, second, last)}
    # The last one's lines stay, to be compared again; a dry run's are of no use once it is compared.
    lines = set(RosterLine.objects.values_list("roster_id", flat=True))
    assert lines == {second.pk if options else last.pk}
    assert set(RosterChange.objects.values_list("roster_id", flat=True)) == kept


def test_another_submitters_rows_are_not_cleared_away(submitter: Submitter, work: Work) -> None:
    other = factories.submitter(submitter.organisation)
    kept = apply(other, work, number=3)
    apply(submitter, work)
    apply(submitter, work, as_of=DAY)
    assert RosterLine.objects.filter(roster=kept).count() == 3


@pytest.mark.usefixtures("committed_db")
def test_two_schedulers_at_once_write_one_job_for_each_list(work: Work) -> None:
    rosters = [roster_of(factories.submitter(), patients(1)) for _ in range(20)]
    work()
    let_it_be_due()
    together = Barrier(3)

    def compare() -> int:
        together.wait(60)
        return schedule.compare_what_is_due()

    with Threads(3) as threads:
        written = [threads.start(compare) for _ in range(3)]
    assert sum(future.result() for future in written) == len(rosters)
    jobs = fetch_all(
        "SELECT payload->>'roster_id', submitter_id, organisation_id FROM jobs_job WHERE kind = 'drift'"
    )
    assert sorted(jobs) == sorted(
        (str(roster.pk), roster.submitter_id, roster.organisation_id) for roster in rosters
    )
    assert schedule.compare_what_is_due() == 0


@pytest.mark.parametrize("stop", [jobs.cancel, jobs.discard])
def test_a_roster_whose_job_a_person_stopped_is_cancelled_and_blocks_no_other(
    submitter: Submitter, work: Work, stop: Callable[..., int]
) -> None:
    roster = roster_of(submitter, patients(3))
    if stop is jobs.discard:
        execute("UPDATE jobs_job SET state = 'dead', finished_at = now() WHERE id = %s", [roster.job_id])
    assert schedule.cancel_abandoned() == 0
    assert stop(actor=factories.user(), job_ids=[roster.job_id], reason="made up") == 1
    assert schedule.cancel_abandoned() == 1
    roster.refresh_from_db()
    assert roster.state == RosterState.CANCELLED
    entry = AuditEntry.objects.get(action="roster.cancel")
    assert (entry.actor, entry.target_id) == (None, str(roster.pk))
    apply(submitter, work)
    assert schedule.cancel_abandoned() == 0
