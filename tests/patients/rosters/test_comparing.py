"""What a roster is compared with, what is counted, and whom it leaves alone."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from patients.models import (
    Association,
    Patient,
    RosterChange,
    RosterLine,
    RosterState,
    Statement,
    StatementSource,
)
from submitters.models import Submitter
from tests.factories import NOON
from tests.patients.rosters.support import (
    SINCE,
    applied,
    counts,
    lines_of,
    linked,
    patients,
    roster_from,
    roster_of,
    state_active,
    state_inactive,
)

Work = Callable[[], int]
DAY = timedelta(days=1)


def test_patients_linked_since_another_time_are_in_order_and_keep_their_time(
    submitter: Submitter, work: Work
) -> None:
    state_active(submitter, "p-1", "p-2")
    work()
    roster = applied(roster_of(submitter, {"p-1": SINCE, "p-2": SINCE + DAY}), work)
    assert counts(roster, "in_order", "other_since") == [2, 1]
    assert linked(submitter) == {"p-1": SINCE, "p-2": SINCE}
    assert Statement.objects.filter(source=StatementSource.ROSTER).count() == 0


def test_patients_stated_inactive_since_then_are_active_again_as_of_the_roster(
    submitter: Submitter, work: Work
) -> None:
    state_active(submitter, "p-1", "p-2")
    state_inactive(submitter, "p-1", since=NOON - DAY)
    state_inactive(submitter, "p-2", since=NOON - 3 * DAY)
    work()
    roster = applied(roster_of(submitter, {"p-1": SINCE, "p-2": NOON - 2 * DAY}), work)
    assert counts(roster, "missing", "reactivated") == [2, 1]
    # One was left later than the list has them active, the other before.
    assert linked(submitter) == {"p-1": NOON, "p-2": NOON - 2 * DAY}


@pytest.mark.parametrize("instant", [NOON, NOON + DAY], ids=["at its very instant", "later"])
@pytest.mark.usefixtures("unguarded")
def test_what_was_stated_of_patients_later_than_the_roster_stands(
    submitter: Submitter, work: Work, instant: datetime
) -> None:
    state_active(submitter, "left")
    state_inactive(submitter, "left", since=instant)
    state_active(submitter, "came", since=instant)
    work()
    roster = applied(roster_of(submitter, {"left": SINCE}), work)
    assert counts(roster, "newer", "missing", "extra") == [2, 0, 0]
    assert linked(submitter) == {"came": instant}
    assert Statement.objects.filter(source=StatementSource.ROSTER).count() == 0


def test_rosters_of_one_instant_correct_each_other(submitter: Submitter, work: Work, unguarded: None) -> None:
    for listed in ({"p-1": SINCE}, {"p-2": SINCE}, {"p-1": SINCE, "p-2": SINCE}, {"p-1": SINCE}):
        roster = applied(roster_of(submitter, listed), work)
        assert roster.newer == 0
        assert list(linked(submitter)) == list(listed)


def test_patients_whose_time_cannot_be_read_are_neither_linked_nor_extra(
    submitter: Submitter, work: Work
) -> None:
    state_active(submitter, "linked")
    work()
    bad = b'{"external_id": "%s", "active_since": "soon"}\n'
    body = bad % b"linked" + bad % b"unknown" + lines_of({"late": NOON + DAY})
    roster = applied(roster_from(submitter, body), work)
    assert counts(roster, "lines", "unreadable", "unnamed") == [3, 3, 0]
    assert counts(roster, "in_order", "unclear", "missing", "extra") == [1, 2, 0, 0]
    assert [(problem["line"], problem["field"]) for problem in roster.problems] == [
        (number, "active_since") for number in (1, 2, 3)
    ]
    assert linked(submitter) == {"linked": SINCE}


def test_patients_listed_twice_with_one_time_count_once(submitter: Submitter, work: Work) -> None:
    twice = [("p-1", SINCE), ("p-2", SINCE), ("p-1", SINCE.astimezone()), ("p-1", SINCE)]
    roster = applied(roster_of(submitter, twice), work)
    assert counts(roster, "lines", "missing", "repeated", "contradictory") == [4, 2, 1, 0]
    assert linked(submitter) == {"p-1": SINCE, "p-2": SINCE}
    assert roster.problems == []


def test_patients_listed_with_different_times_are_left_alone_and_their_lines_named(
    submitter: Submitter, work: Work
) -> None:
    state_active(submitter, "linked")
    work()
    body = b"{\n" + lines_of([("linked", SINCE), ("new", SINCE), ("new", SINCE + DAY), ("linked", NOON)])
    roster = applied(roster_from(submitter, body), work)
    assert counts(roster, "contradictory", "repeated", "unclear", "in_order") == [2, 0, 1, 1]
    assert [(problem["line"], problem["code"]) for problem in roster.problems][1:] == [
        (4, "contradictory"),
        (5, "contradictory"),
    ]
    assert linked(submitter) == {"linked": SINCE}
    assert "linked" not in str(roster.problems)


def test_of_many_bad_lines_the_first_hundred_are_told(submitter: Submitter, work: Work) -> None:
    twice = [(patient, since) for patient in patients(150) for since in (SINCE, NOON)]
    roster = applied(roster_from(submitter, b"{\n" * 50 + lines_of(twice)), work)
    assert counts(roster, "unreadable", "contradictory", "unclear") == [50, 150, 150]
    assert [problem["line"] for problem in roster.problems] == [*range(1, 51), *range(52, 152, 2)]


def test_the_same_roster_again_changes_nothing(submitter: Submitter, work: Work) -> None:
    applied(roster_of(submitter, patients(20)), work)
    before = list(Association.objects.order_by("id").values_list())
    again = applied(roster_of(submitter, patients(20), NOON + DAY), work)
    assert counts(again, "in_order", "missing", "extra", "other_since") == [20, 0, 0, 0]
    assert list(Association.objects.order_by("id").values_list()) == before
    assert Statement.objects.count() == 20


def test_a_dry_run_compares_and_writes_nothing_about_patients(submitter: Submitter, work: Work) -> None:
    state_active(submitter, "p-1")
    work()
    roster = roster_of(submitter, {"p-2": SINCE}, dry_run=True)
    work()
    roster.refresh_from_db()
    assert (roster.state, roster.is_last) == (RosterState.COMPARED, False)
    assert counts(roster, "missing", "extra", "done") == [1, 1, 0]
    assert linked(submitter) == {"p-1": SINCE}
    assert Patient.objects.count() == Statement.objects.count() == 1
    assert not RosterLine.objects.exists()
    # What it found can be looked at.
    assert RosterChange.objects.filter(roster=roster).count() == 2


def test_external_ids_of_any_letters_are_matched_exactly(submitter: Submitter, work: Work) -> None:
    ids = ["p\\1", "P-1", "p-1", 'p"1', "pä-1", "p 1", "{p}", "p,1", "\\N"]
    roster = applied(roster_of(submitter, dict.fromkeys(ids, SINCE)), work)
    assert roster.missing == len(ids)
    assert sorted(linked(submitter)) == sorted(ids)
    again = applied(roster_of(submitter, dict.fromkeys(ids, SINCE), NOON + DAY), work)
    assert again.in_order == len(ids)
