"""What the profiling does by itself, slice after slice, is not taken for a query for each row."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from clinical_engine.profiling.capture.day_rows import month_of
from clinical_engine.profiling.capture.judging import REPEATED_TOO_OFTEN
from clinical_engine.profiling.capture.units import unit_of_work
from clinical_engine.profiling.estimating import ageing, driving
from clinical_engine.profiling.models import StatementDay
from clinical_engine.profiling.silk import forgetting
from clinical_engine.profiling.silk.forgetting import forget_the_oldest
from tests.profiling import captured
from tests.profiling.capture.support import capturing
from tests.profiling.silk.stored import fill

pytestmark = pytest.mark.django_db
SLICES = REPEATED_TOO_OFTEN + 5
LONG = timedelta(minutes=1)


def repeated_most(work: Callable[[], object]) -> int:
    with capturing() as noted, unit_of_work("task of its own"):
        work()
    assert sum(each.calls for each in noted.counted) > SLICES
    return max(each.repeated_most for each in noted.counted)


def test_deleting_what_silk_recorded_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "_SLICE", 1)
    fill(requests=SLICES, statements=1)
    assert repeated_most(lambda: forget_the_oldest(most_requests=0)) < REPEATED_TOO_OFTEN


def test_estimating_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "_AT_ONCE", 1)
    for _ in range(SLICES):
        captured.statement()
    assert repeated_most(lambda: driving.estimate_due(timezone.now(), LONG)) < REPEATED_TOO_OFTEN


def test_putting_days_together_into_months_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ageing, "_STATEMENTS_AT_ONCE", 1)
    today = timezone.now().date()
    for number in range(SLICES):
        made = captured.statement()
        captured.days(made, 8 if number == 0 else 2)
        first = month_of(today - timedelta(days=200))
        for place, day in enumerate(made.days.order_by("day")[:2]):
            StatementDay.objects.filter(pk=day.pk).update(day=first + timedelta(days=place))
    assert repeated_most(lambda: ageing.age(today, LONG)) < REPEATED_TOO_OFTEN
    assert StatementDay.objects.filter(days=2).count() == SLICES
