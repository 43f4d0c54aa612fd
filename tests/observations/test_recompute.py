"""The recompute job: coverage and observations are a pure function of all accepted facts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinical_engine.jobs import worker
from observations.models import Measurement, Observation
from patients.models import Association
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.observations.facts import current, reading_on, reasons, record, state

Work = Callable[[], int]
pytestmark = pytest.mark.usefixtures("scripts")


@pytest.fixture
def submitter(db: None) -> Submitter:
    return factories.submitter()


def test_a_reading_exactly_a_window_ago_does_not_count_and_one_of_the_time_itself_does(
    submitter: Submitter, work: Work
) -> None:
    state(submitter, -10, "a")
    edge = NOON - days(7)
    record(
        submitter,
        factories.reading("p-1", 300, edge, client_id="a window ago"),
        factories.reading("p-1", 200, edge + timedelta(microseconds=1), client_id="just inside"),
        factories.reading("p-1", 100, NOON, client_id="now"),
    )
    work()
    latest = current()[-1]
    assert latest.as_of == NOON
    assert latest.value == {"mean": 150, "in_range": 50}


def test_a_late_measurement_supersedes_the_results_of_its_week_and_no_others(
    submitter: Submitter, work: Work
) -> None:
    state(submitter, -40, "a")
    record(submitter, *(reading_on(day) for day in range(-20, 1)))
    work()
    before = {row.as_of: row for row in current()}
    record(submitter, reading_on(-10.5, 170))
    work()
    after = {row.as_of: row for row in current()}
    week = [NOON + days(day) for day in range(-10, -3)]
    assert reasons() == {time: ["a measurement came in later"] for time in week}
    assert set(after) == set(before) | {NOON + days(-10.5)}
    # Those outside the week are the same rows: they were not evaluated again.
    assert {time for time in before if after[time].id == before[time].id} == set(before) - set(week)
    assert Observation.objects.count() == 21 + 1 + 7


def test_working_off_again_changes_nothing(submitter: Submitter, work: Work) -> None:
    state(submitter, -40, "a")
    record(submitter, *(reading_on(day) for day in range(-5, 1)))
    work()
    rows = list(Observation.objects.order_by("id").values())
    state(submitter, -40, "b")
    record(submitter, reading_on(-3, external_id="p-2"))
    work()
    assert list(Observation.objects.order_by("id").values()) == rows


def test_a_period_that_ends_earlier_supersedes_what_it_no_longer_covers_and_what_was_made_from_it(
    submitter: Submitter, work: Work
) -> None:
    state(submitter, -40, "a")
    other = factories.submitter(submitter.organisation)
    state(other, -2.5, "b")
    record(submitter, *(reading_on(day) for day in (-4, -3, -2)))
    work()
    state(submitter, -3.5, "c", active=False)
    work()
    assert reasons() == {
        NOON + days(-3): ["its measurement no longer counts"],
        NOON + days(-2): ["a measurement no longer counts"],
    }
    assert [row.as_of for row in current()] == [NOON + days(-4), NOON + days(-2)]
    assert Measurement.objects.get(association=None).measured_at == NOON + days(-3)


def test_what_was_computed_is_never_changed_afterwards(submitter: Submitter, work: Work) -> None:
    state(submitter, -40, "a")
    seen: dict[object, tuple[object, ...]] = {}
    for day in (-1, -3, -2, 0):
        record(submitter, reading_on(day, 100 - day))
        work()
        for row in Observation.objects.all():
            made = (row.as_of, row.value, row.derived_from, row.script_version_id, row.computed_at)
            assert seen.setdefault(row.id, made) == made
    assert len(seen) > 4


def test_where_two_submitters_cover_a_measurement_the_earlier_association_counts_whatever_came_first(
    submitter: Submitter, work: Work
) -> None:
    second = factories.submitter(submitter.organisation)
    record(submitter, reading_on(0))
    state(second, -2, "a")
    work()
    assert Measurement.objects.get().association == Association.objects.get(submitter=second)
    state(submitter, -3, "b")
    work()
    assert Measurement.objects.get().association == Association.objects.get(submitter=submitter)
    state(submitter, -1, "c", active=False)
    work()
    assert Measurement.objects.get().association == Association.objects.get(submitter=second)
    # A change of coverage alone is no reason for a new result.
    assert reasons() == {}


def test_a_measurement_of_another_code_causes_no_result(submitter: Submitter, work: Work) -> None:
    state(submitter, -40, "a")
    record(
        submitter,
        reading_on(0, 60, code="8867-4", unit="/min"),
        reading_on(0, value=True, code="meal-more", unit=None),
    )
    work()
    assert current() == []
    assert not Measurement.objects.filter(association=None).exists()


def test_fifty_patients_take_as_many_statements_as_one(work: Work) -> None:
    def queries_for(number: int, prefix: str) -> int:
        submitter = factories.submitter()
        for patient in range(number):
            state(submitter, -40, f"{prefix}-{patient}", external_id=f"{prefix}-{patient}")
        work()
        record(
            submitter,
            *(reading_on(day, external_id=f"{prefix}-{n}") for n in range(number) for day in range(3)),
        )
        with CaptureQueriesContext(connection) as captured:
            worker.work("recompute", "default")
        assert Observation.objects.filter(organisation=submitter.organisation).count() == 3 * number
        return len(captured)

    # What a process reads once, it has read by then.
    queries_for(1, "first")
    assert queries_for(50, "many") == queries_for(1, "one")
