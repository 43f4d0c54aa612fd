"""What the daily estimate finds: growth that comes near, and what is slower than it may be though nothing fails."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.estimating.driving import estimate_due
from clinical_engine.profiling.estimating.judging import found_of
from clinical_engine.profiling.estimating.loading import Period
from clinical_engine.profiling.findings import Found, assign, close
from clinical_engine.profiling.growth.verdicts import Crossing, Measure, Outlook, Verdict
from clinical_engine.profiling.models import CapturedStatement, Finding, FindingKind, Release
from tests.admin.world import account
from tests.factories import user
from tests.profiling.written import batch, ran

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = NOON.date()
LONG = timedelta(minutes=5)


def estimated(number: int, seconds: float, origin: str = "GET /api/v1/things", **fields: Any) -> None:
    batch([ran(seconds, **fields)] * number, at=NOON, origin=origin)
    roll_up()
    CapturedStatement.objects.update(estimated_on=None)
    estimate_due(NOON, LONG)


@pytest.mark.django_db
def test_what_is_slower_than_its_budget_is_found_though_nothing_failed() -> None:
    estimated(20, 2.4)
    finding = Finding.objects.get()
    assert finding.kind == FindingKind.OVER_LIMIT
    assert finding.severity == pytest.approx(4.8, rel=0.01)
    assert finding.told == (
        "One execution in twenty takes 2.4 s; the budget of GET /api/v1/things (0.5 s) is what it may take."
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "seconds", "origin"),
    [
        (19, 2.4, "GET /api/v1/things"),
        (20, 0.4, "GET /api/v1/things"),
        (20, 2.4, "job associate"),
        (20, 2.4, "GET /silk/requests/"),
    ],
)
def test_what_ran_seldom_or_within_its_budget_or_for_silk_is_not(
    number: int, seconds: float, origin: str
) -> None:
    estimated(number, seconds, origin)
    assert not Finding.objects.exists()


@pytest.mark.django_db
def test_too_many_values_and_a_budget_that_is_passed_each_have_an_owner_and_a_due_date() -> None:
    estimated(20, 0.1, values=70_000)
    too_many = Finding.objects.get()
    owner, due_on = account("On-call engineer"), timezone.now().date() + timedelta(days=60)
    assign(too_many, actor=owner, owner=owner, note="Becomes a join", due_on=due_on, version=0)
    estimated(40, 2.4)
    too_slow = Finding.objects.get(kind=FindingKind.OVER_LIMIT)
    too_many.refresh_from_db()
    assert "a list of 70,000 values" in too_many.told
    assert (too_many.owner, too_many.note, too_many.due_on) == (owner, "Becomes a join", due_on)
    assert (too_slow.owner, too_slow.note, too_slow.due_on) == (None, "", TODAY + timedelta(days=14))


@pytest.mark.django_db
def test_the_estimate_says_nothing_milder_of_what_ran_out_of_time() -> None:
    estimated(30, 20.0, sqlstate="57014")
    assert "30 times in 7 days" in Finding.objects.get().told


@pytest.mark.django_db
def test_what_was_closed_as_slow_is_opened_when_it_runs_out_of_time() -> None:
    estimated(20, 15.0)
    close(Finding.objects.get(), actor=user(), reason="Only a few use it.")
    Finding.objects.update(closed_at=NOON)
    estimated(1, 20.0, sqlstate="57014")
    assert "once in 7 days" in Finding.objects.get(closed_at=None).told


def growing(on: date | None, factor: float) -> list[Found]:
    crossing = Crossing(Measure.ROWS, "active_patients", 1.0, "a limit", 1_000, 1_000 * factor, on, on, on)
    statement = CapturedStatement(pk=1, last_release=Release(name="r1"), estimated_on=TODAY)
    verdict = Verdict(Outlook.GROWS, "It grows.", (), crossing, ())
    return [*found_of(statement, verdict, Period(), ["job associate"])]


@pytest.mark.parametrize(
    ("years", "factor", "due_days"), [(0.5, 1.1, 14), (2.5, 3.0, 30), (2.5, 40.0, 30), (20, 9.0, 30)]
)
def test_growth_that_reaches_its_limit_in_three_years_or_at_ten_times_the_patients_is_found(
    years: float, factor: float, due_days: int
) -> None:
    [found] = growing(TODAY + timedelta(days=365 * years), factor)
    assert (found.kind, found.due_within) == (FindingKind.GROWS, timedelta(days=due_days))
    assert found.severity == pytest.approx(1 / factor)


@pytest.mark.parametrize(("years", "factor"), [(4, 11.0), (None, 200.0)])
def test_growth_whose_limit_is_farther_away_is_not(years: float | None, factor: float) -> None:
    assert growing(TODAY + timedelta(days=365 * years) if years else None, factor) == []


def test_growth_without_a_limit_is_not() -> None:
    statement = CapturedStatement(pk=1, last_release=Release(name="r1"), estimated_on=TODAY)
    verdict = Verdict(Outlook.GROWS, "It grows.", (), None, ())
    assert [*found_of(statement, verdict, Period(), ["job associate"])] == []
