"""Receiving a roster: one transaction, one at a time, and never one that is older than what was applied."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from clinical_engine.common.database import fetch_all
from clinical_engine.common.errors import RefusedError
from clinical_engine.jobs.models import Job
from patients.models import Roster, RosterLine, RosterState
from patients.rosters import applying, services
from patients.rosters.errors import RosterConflictError
from submitters.models import Submitter
from tests import factories
from tests.factories import BY_IMPORT, NOON
from tests.patients.concurrency import Threads, wait_until
from tests.patients.rosters.support import (
    lines_of,
    linked,
    patients,
    reading_chunks,
    roster_of,
    step,
)

Work = Callable[[], int]
DAY = timedelta(days=1)


@pytest.fixture
def submitter(committed_db: None) -> Submitter:
    return factories.submitter()


def receive(
    submitter: Submitter, chunks: Iterable[bytes], as_of: datetime = NOON, *, dry_run: bool = False
) -> Roster:
    return services.receive(
        submitter=submitter, as_of=as_of, lines=reading_chunks(chunks), origin=BY_IMPORT, dry_run=dry_run
    )


def refused(submitter: Submitter, as_of: datetime = NOON, *, dry_run: bool = False) -> str:
    """Why a roster cannot be taken, which is found out before its first line is read."""
    read = False

    def chunks() -> Iterator[bytes]:
        nonlocal read
        read = True
        yield b""

    with pytest.raises(RosterConflictError) as caught:
        receive(submitter, chunks(), as_of, dry_run=dry_run)
    assert not read
    return caught.value.code


def assert_nothing_is_stored() -> None:
    assert [kept.objects.count() for kept in (Roster, RosterLine, Job)] == [0, 0, 0]


def test_a_body_that_breaks_off_leaves_nothing_behind(submitter: Submitter) -> None:
    def broken_off() -> Iterator[bytes]:
        yield lines_of(patients(10_000))
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        receive(submitter, broken_off())
    assert_nothing_is_stored()
    # Nor is anything in the way of the next one.
    assert receive(submitter, [lines_of(patients(2))]).lines == 2


def test_a_database_that_refuses_the_lines_leaves_nothing_behind(submitter: Submitter) -> None:
    def chunks() -> Iterator[bytes]:
        yield lines_of(patients(10_000))
        with Threads(1) as threads:
            threads.start(end_copying).result()
        yield lines_of(patients(10_000))

    def end_copying() -> None:
        assert fetch_all("SELECT pg_cancel_backend(pid) FROM pg_stat_progress_copy") == [(True,)]

    with pytest.raises(DatabaseError):
        receive(submitter, chunks())
    assert_nothing_is_stored()


@pytest.mark.parametrize(
    ("as_of", "code"),
    [
        (datetime(2026, 3, 10, 12), "time_zone_missing"),  # noqa: DTZ001 - what is refused
        (datetime(1899, 12, 31, tzinfo=UTC), "too_early"),
        (datetime(2999, 1, 1, tzinfo=UTC), "in_the_future"),
    ],
)
def test_an_impossible_time_is_refused_before_anything_is_read(
    submitter: Submitter, as_of: datetime, code: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        receive(submitter, map(pytest.fail, ["The body was read."]), as_of)
    assert [(refusal.field, refusal.code) for refusal in caught.value.refusals] == [("as_of", code)]
    assert not Roster.objects.exists()


def test_clocks_that_differ_by_minutes_are_put_up_with(submitter: Submitter, work: Work) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    roster = receive(submitter, [lines_of({"p-1": soon})], soon)
    work()
    roster.refresh_from_db()
    assert (roster.state, roster.unreadable) == (RosterState.APPLIED, 0)
    assert linked(submitter) == {"p-1": soon}


def test_statements_may_take_as_long_as_before_once_a_roster_is_received(submitter: Submitter) -> None:
    usual = fetch_all("SHOW statement_timeout")
    with pytest.raises(RefusedError):
        receive(submitter, [b"x" * (1 << 21)])
    assert fetch_all("SHOW statement_timeout") == usual
    receive(submitter, [lines_of(patients(2))])
    assert fetch_all("SHOW statement_timeout") == usual


def test_a_roster_older_than_the_last_applied_one_is_refused(submitter: Submitter, work: Work) -> None:
    roster_of(submitter, patients(2))
    work()
    assert refused(submitter, NOON - DAY) == "older_roster"
    # What it would tell is not true any more, so that not even comparing it makes sense.
    assert refused(submitter, NOON - DAY, dry_run=True) == "older_roster"
    # Of the same time it is none.
    assert receive(submitter, [lines_of(patients(2))], NOON).state == RosterState.COMPARING
    assert receive(factories.submitter(submitter.organisation), [b""], NOON - DAY).lines == 0


def test_a_roster_older_than_one_that_waits_for_a_person_is_refused(submitter: Submitter, work: Work) -> None:
    roster = roster_of(submitter, {})
    work()
    roster.refresh_from_db()
    assert roster.state == RosterState.HELD
    assert refused(submitter, NOON - DAY) == "older_roster"
    receive(submitter, [b""], NOON - DAY, dry_run=True)
    receive(submitter, [b""], NOON)
    roster.refresh_from_db()
    assert roster.state == RosterState.SUPERSEDED


@pytest.mark.parametrize("steps", [0, 1, 2], ids=["before", "while compared", "while applied"])
def test_no_second_roster_is_taken_until_the_first_one_is_done(
    submitter: Submitter, work: Work, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(applying, "SLICE", 1)
    roster = roster_of(submitter, patients(3))
    for _ in range(steps):
        step(roster)
    assert refused(submitter, NOON + DAY) == "roster_under_way"
    # One that only compares, or of another submitter, is in nobody's way.
    receive(submitter, [b""], NOON + DAY, dry_run=True)
    receive(factories.submitter(submitter.organisation), [b""])
    work()
    assert receive(submitter, [b""], NOON + DAY).state == RosterState.COMPARING


def test_of_two_rosters_that_come_in_at_once_the_second_is_refused_at_once(submitter: Submitter) -> None:
    first_reads, go_on = Event(), Event()

    def slowly() -> Iterator[bytes]:
        yield lines_of(patients(10_000))
        first_reads.set()
        assert go_on.wait(20)
        yield lines_of(patients(10_000, start=10_000))

    with Threads(1) as threads:
        first = threads.start(receive, submitter, slowly())
        try:
            wait_until(lambda: first_reads.is_set() or first.done())
            assert refused(submitter, NOON + DAY) == "roster_under_way"
            assert not first.done()
            # Others are not held up: neither another submitter's roster nor a mere comparison.
            receive(factories.submitter(submitter.organisation), [b""])
            receive(submitter, [b""], NOON + DAY, dry_run=True)
        finally:
            go_on.set()
        assert first.result().lines == 20_000
    assert Roster.objects.filter(submitter=submitter, dry_run=False).count() == 1


def held_roster(submitter: Submitter, work: Work) -> Roster:
    roster = roster_of(submitter, {}, NOON)
    work()
    return roster


def confirm_elsewhere(roster: Roster) -> None:
    def confirm() -> None:
        services.confirm(
            actor=factories.user(), roster_id=roster.pk, reason="empty indeed", extra=roster.extra
        )

    with Threads(1) as threads:
        threads.start(confirm)


def test_a_roster_gives_way_to_one_that_a_person_confirms_while_it_comes_in(
    submitter: Submitter, work: Work
) -> None:
    confirmed = held_roster(submitter, work)

    def chunks() -> Iterator[bytes]:
        yield lines_of(patients(10_000))
        confirm_elsewhere(confirmed)

    with pytest.raises(RosterConflictError) as caught:
        receive(submitter, chunks(), NOON + DAY)
    assert caught.value.code == "roster_under_way"
    work()
    confirmed.refresh_from_db()
    assert confirmed.state == RosterState.APPLIED
    assert not RosterLine.objects.exists()


def test_a_roster_that_became_the_older_one_while_it_came_in_is_refused(
    submitter: Submitter, work: Work
) -> None:
    held = held_roster(submitter, work)

    def chunks() -> Iterator[bytes]:
        yield lines_of(patients(2))
        # A person drops what waits, and a younger list would be applied by the time that this one is read.
        with Threads(1) as threads:
            threads.start(apply_a_younger_one)

    def apply_a_younger_one() -> None:
        Roster.objects.filter(pk=held.pk).update(as_of=NOON + 2 * DAY, state=RosterState.APPLIED)

    with pytest.raises(RosterConflictError) as caught:
        receive(submitter, chunks(), NOON + DAY)
    assert caught.value.code == "older_roster"
    assert Roster.objects.count() == 1


def test_no_connection_stays_in_a_transaction(submitter: Submitter) -> None:
    receive(submitter, [lines_of(patients(2))])
    assert not connection.in_atomic_block
    assert fetch_all("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]
