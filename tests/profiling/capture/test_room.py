"""A full capture makes room for what is new."""

from datetime import UTC, datetime, timedelta

import pytest

from clinical_engine.profiling.capture import storing
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.models import Caller, CapturedStatement, Finding, FindingKind, StatementDay
from tests.profiling.written import batch, ran

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def test_in_a_full_capture_what_ran_once_long_ago_gives_way_and_what_is_new_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storing, "MOST_STATEMENTS", 6)
    often, thrice, found = "SELECT o", "SELECT t", "SELECT f"
    batch([*[ran(text=often)] * 4, *[ran(text=thrice)] * 3], at=NOON - timedelta(days=9))
    batch([ran(text=found, values=70_000)], at=NOON - timedelta(days=8))
    for hour in range(3):
        batch([ran(text=f"SELECT once_{'x' * hour}")], at=NOON + timedelta(hours=hour))
    roll_up()
    batch([ran(text="SELECT fresh")] * 25, at=NOON + timedelta(hours=4), repeated=25)
    batch([ran(text=f"SELECT once_{'x' * 2}")], at=NOON + timedelta(hours=4))
    roll_up()
    known = set(CapturedStatement.objects.values_list("shape", flat=True))
    assert known == {often, thrice, found, "SELECT once_x", "SELECT once_xx", "SELECT fresh"}
    assert Finding.objects.filter(statement__shape="SELECT fresh", kind=FindingKind.REPEATED).exists()
    batch([ran(text=f"SELECT later_{'x' * number}") for number in range(5)], at=NOON + timedelta(hours=5))
    roll_up()
    known = set(CapturedStatement.objects.values_list("shape", flat=True))
    # What ran three times goes last of all, and what ran more often stays.
    assert {often, found, "SELECT fresh"} < known
    assert thrice not in known
    assert len(known) == 7, "Some had no room, and are counted together."
    assert StatementDay.objects.filter(statement__shape=OTHER_STATEMENTS.text).get().calls == 2


def test_a_flood_of_statements_leaves_room_for_one_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "MOST_STATEMENTS", 900)
    for part in range(6):
        batch([ran(text=f"SELECT a{part * 300 + n}x") for n in range(300)], at=NOON + timedelta(minutes=part))
        roll_up()
    batch([ran(0.001, text="SELECT new")] * 30, at=NOON + timedelta(minutes=7), repeated=30)
    roll_up()
    assert CapturedStatement.objects.count() == 900
    assert CapturedStatement.objects.get(shape="SELECT new").findings.count() == 1
    assert not CapturedStatement.objects.filter(fingerprint=OTHER_STATEMENTS.fingerprint).exists()
    assert StatementDay.objects.count() == Caller.objects.count() == 900
