"""A roster that would unlink many patients, or that cannot be trusted to name all of them, waits for a person."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.jobs.models import Job
from patients.models import Roster, RosterState, Statement, StatementSource
from patients.rosters import applying, selectors, services
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON
from tests.patients.rosters.support import (
    lines_of,
    linked,
    patients,
    roster_from,
    roster_of,
    state_active,
    state_inactive,
    step,
)

Work = Callable[[], int]
DAY = timedelta(days=1)


@pytest.fixture
def submitter(db: None, work: Work) -> Submitter:
    """A submitter with forty linked patients: of these a twentieth, two, may be unlinked without asking."""
    submitter = factories.submitter()
    state_active(submitter, *patients(40))
    work()
    return submitter


@pytest.fixture
def person(db: None) -> User:
    return factories.user()


def compared(roster: Roster, work: Work) -> Roster:
    work()
    roster.refresh_from_db()
    return roster


def held(submitter: Submitter, work: Work, keeping: int = 30, as_of: timedelta = timedelta(0)) -> Roster:
    """A roster that would unlink all but some of the forty."""
    roster = compared(roster_of(submitter, patients(keeping), NOON + as_of), work)
    assert roster.state == RosterState.HELD
    return roster


def confirm(person: User, roster: Roster, work: Work) -> Roster:
    services.confirm(actor=person, roster_id=roster.pk, reason="the ward closed", extra=roster.extra)
    return compared(roster, work)


def from_rosters() -> int:
    return Statement.objects.filter(source=StatementSource.ROSTER).count()


def test_exactly_the_share_is_unlinked_without_asking(submitter: Submitter, work: Work) -> None:
    roster = compared(roster_of(submitter, patients(38)), work)
    assert (roster.state, roster.extra, roster.held_because) == (RosterState.APPLIED, 2, "")
    assert len(linked(submitter)) == 38


def test_one_more_than_the_share_waits_for_a_person_and_nothing_is_done(
    submitter: Submitter, work: Work
) -> None:
    roster = compared(roster_of(submitter, patients(37) | patients(5, start=50)), work)
    assert (roster.state, roster.extra, roster.missing, roster.done) == (RosterState.HELD, 3, 5, 0)
    assert roster.held_because.startswith("3 of 40 linked patients would be unlinked (7.5%)")
    assert list(selectors.held()) == [roster]
    assert linked(submitter) == patients(40)
    assert from_rosters() == 0
    # Its job is done: it waits for a person, not for a worker.
    assert Job.objects.get(pk=roster.job_id).state == "succeeded"


def test_the_share_is_of_those_linked_and_not_of_those_listed(submitter: Submitter, work: Work) -> None:
    many = patients(37) | patients(1000, start=1000)
    assert compared(roster_of(submitter, many), work).state == RosterState.HELD


def test_whoever_would_be_unlinked_may_be_on_a_line_that_tells_no_patient(
    submitter: Submitter, work: Work
) -> None:
    roster = compared(roster_from(submitter, lines_of(patients(39)) + b'{"external_id": 7}\n'), work)
    assert (roster.state, roster.extra, roster.unnamed) == (RosterState.HELD, 1, 1)
    assert "1 lines do not tell whom they mean" in roster.held_because


def test_lines_that_tell_no_patient_hold_nothing_up_when_nobody_would_be_unlinked(
    submitter: Submitter, work: Work
) -> None:
    roster = compared(roster_from(submitter, lines_of(patients(41)) + b"{\n"), work)
    assert (roster.state, roster.missing, roster.unnamed) == (RosterState.APPLIED, 1, 1)


def test_patients_left_alone_count_neither_as_unlinked_nor_for_the_share(
    submitter: Submitter, work: Work
) -> None:
    state_active(submitter, *patients(10, start=100), since=NOON + DAY)
    work()
    roster = compared(roster_of(submitter, patients(38)), work)
    assert (roster.state, roster.extra, roster.newer) == (RosterState.APPLIED, 2, 10)


@pytest.mark.parametrize("body", [b"", b"\n  \n"], ids=["no byte", "blank lines"])
def test_an_empty_roster_waits_for_a_person(submitter: Submitter, work: Work, body: bytes) -> None:
    roster = compared(roster_from(submitter, body), work)
    assert (roster.state, roster.lines, roster.extra) == (RosterState.HELD, 0, 40)
    assert roster.held_because == "The roster is empty."
    assert len(linked(submitter)) == 40


def test_a_dry_run_is_never_held_and_says_why_it_would_be(submitter: Submitter, work: Work) -> None:
    roster = compared(roster_of(submitter, {}, dry_run=True), work)
    assert (roster.state, roster.extra) == (RosterState.COMPARED, 40)
    assert roster.held_because == "The roster is empty."


def test_a_roster_that_a_person_confirms_is_applied(submitter: Submitter, work: Work, person: User) -> None:
    roster = held(submitter, work)
    first_job = roster.job_id
    confirm(person, roster, work)
    assert (roster.state, roster.done, roster.held_because) == (RosterState.APPLIED, 10, "")
    assert (roster.confirmed_by, roster.confirmed_extra) == (person, 10)
    assert roster.job_id != first_job
    assert linked(submitter) == patients(30)
    entry = AuditEntry.objects.get(action="roster.confirm")
    assert (entry.actor, entry.target_id, entry.reason) == (person, str(roster.pk), "the ward closed")
    assert entry.organisation_id == submitter.organisation_id
    assert entry.details == {"extra": 10, "linked": 40}


def test_what_is_stated_while_a_roster_waits_for_a_person_counts(
    submitter: Submitter, work: Work, person: User
) -> None:
    roster = held(submitter, work)
    state_active(submitter, "p-000035", since=NOON + DAY)
    state_inactive(submitter, "p-000001", since=NOON + DAY)
    work()
    confirm(person, roster, work)
    assert (roster.state, roster.extra, roster.newer) == (RosterState.APPLIED, 9, 2)
    kept = {f"p-{number:06}" for number in (0, *range(2, 30), 35)}
    assert set(linked(submitter)) == kept


def test_a_held_roster_keeps_its_lines_however_often_its_job_runs(
    submitter: Submitter, work: Work, person: User
) -> None:
    roster = held(submitter, work)
    assert not step(roster)
    assert not step(roster)
    confirm(person, roster, work)
    assert (roster.state, roster.in_order, roster.extra) == (RosterState.APPLIED, 30, 10)


def test_a_person_is_asked_again_when_more_would_be_unlinked_by_then(
    submitter: Submitter, work: Work, person: User
) -> None:
    roster = held(submitter, work)
    state_active(submitter, "p-000050")
    work()
    confirm(person, roster, work)
    assert (roster.state, roster.extra, roster.confirmed_extra) == (RosterState.HELD, 11, 10)
    assert from_rosters() == 0
    confirm(person, roster, work)
    assert (roster.state, roster.confirmed_extra) == (RosterState.APPLIED, 11)
    assert AuditEntry.objects.filter(action="roster.confirm").count() == 2


def test_a_held_roster_that_a_person_cancels_is_never_applied(
    submitter: Submitter, work: Work, person: User
) -> None:
    roster = held(submitter, work)
    services.cancel(actor=person, roster_id=roster.pk, reason="an export that failed")
    compared(roster, work)
    assert roster.state == RosterState.CANCELLED
    assert roster.finished_at is not None
    assert len(linked(submitter)) == 40
    entry = AuditEntry.objects.get(action="roster.cancel")
    assert (entry.actor, entry.reason, entry.details) == (
        person,
        "an export that failed",
        {"done": 0, "to_do": 10},
    )
    # And a roster as of an earlier time can come in its place.
    assert compared(roster_of(submitter, patients(40), NOON - DAY), work).state == RosterState.APPLIED


def test_of_a_roster_cancelled_in_the_middle_stands_what_was_done(
    submitter: Submitter, work: Work, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "SLICE", 4)
    before = compared(roster_of(submitter, patients(40), NOON - DAY), work)
    roster = roster_of(submitter, patients(52))
    step(roster)
    step(roster)
    services.cancel(actor=person, roster_id=roster.pk, reason="the wrong file")
    compared(roster, work)
    assert (roster.state, roster.done, roster.to_do) == (RosterState.CANCELLED, 4, 12)
    assert linked(submitter) == patients(44)
    assert AuditEntry.objects.get(action="roster.cancel").details == {"done": 4, "to_do": 12}
    # Nobody is missed by the list before it either, which still is the last one.
    assert not roster.is_last
    before.refresh_from_db()
    assert (before.is_last, before.is_stored) == (True, True)


def test_a_younger_roster_takes_the_place_of_one_that_is_held(
    submitter: Submitter, work: Work, person: User
) -> None:
    older = held(submitter, work)
    younger = compared(roster_of(submitter, patients(39), NOON + DAY), work)
    older.refresh_from_db()
    assert (older.state, younger.state) == (RosterState.SUPERSEDED, RosterState.APPLIED)
    assert linked(submitter) == patients(39)
    with pytest.raises(NotAllowedNowError, match="superseded"):
        services.confirm(actor=person, roster_id=older.pk, reason="late", extra=older.extra)


def test_a_dry_run_takes_nobodys_place(submitter: Submitter, work: Work) -> None:
    roster = held(submitter, work)
    compared(roster_of(submitter, patients(40), NOON + DAY, dry_run=True), work)
    roster.refresh_from_db()
    assert roster.state == RosterState.HELD


@pytest.mark.parametrize("decide", [partial(services.confirm, extra=10), services.cancel])
def test_a_decision_needs_a_reason(
    submitter: Submitter, work: Work, person: User, decide: Callable[..., None]
) -> None:
    roster = held(submitter, work)
    with pytest.raises(RefusedError):
        decide(actor=person, roster_id=roster.pk, reason="  ")
    assert compared(roster, work).state == RosterState.HELD
    assert not AuditEntry.objects.filter(target_id=str(roster.pk)).exists()


def test_what_is_over_can_be_neither_confirmed_nor_cancelled(
    submitter: Submitter, work: Work, person: User
) -> None:
    roster = compared(roster_of(submitter, patients(40)), work)
    with pytest.raises(NotAllowedNowError, match="applied"):
        services.confirm(actor=person, roster_id=roster.pk, reason="late", extra=roster.extra)
    with pytest.raises(NotAllowedNowError, match="applied"):
        services.cancel(actor=person, roster_id=roster.pk, reason="late")
    assert not AuditEntry.objects.filter(target_id=str(roster.pk)).exists()


def test_only_what_is_held_can_be_confirmed(submitter: Submitter, work: Work, person: User) -> None:
    roster = roster_of(submitter, {})
    with pytest.raises(NotAllowedNowError, match="comparing"):
        services.confirm(actor=person, roster_id=roster.pk, reason="early", extra=roster.extra)
    assert compared(roster, work).state == RosterState.HELD


def test_the_job_that_found_it_held_does_not_go_on_once_it_is_confirmed(
    submitter: Submitter, work: Work, person: User
) -> None:
    roster = held(submitter, work)
    before = Roster.objects.get(pk=roster.pk)
    services.confirm(actor=person, roster_id=roster.pk, reason="the ward closed", extra=roster.extra)
    assert not step(before)
    assert before.state == RosterState.COMPARING
