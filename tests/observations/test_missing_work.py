"""Missing work is noticed per patient: what is overdue, and what nobody's statement explains."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from clinical_engine.common.database import execute
from observations.intake import Sender, record_measurements
from observations.models import Measurement, MeasurementSource
from observations.selectors import outside_period, overdue_measurements
from patients import services
from patients.models import Association, Statement
from patients.selectors import overdue_statements
from submitters.models import Submitter
from tests import factories
from tests.factories import BY_IMPORT, NOON, days

Work = Callable[[], int]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def submitter(db: None) -> Submitter:
    return factories.submitter()


def measure(submitter: Submitter) -> Measurement:
    record_measurements(
        organisation_id=submitter.organisation_id,
        readings=[factories.reading("p-1")],
        sender=Sender(MeasurementSource.IMPORT),
    )
    return Measurement.objects.latest("id")


def state(submitter: Submitter, day: float, *, active: bool = True) -> None:
    accept = services.activate if active else services.deactivate
    said = factories.statement("p-1", NOON + days(day))
    accept(submitter=submitter, statements=[said], origin=BY_IMPORT)


def let_pass(time: timedelta) -> None:
    """As if everything that is stored had come in so much earlier."""
    for table in ("patients_statement", "observations_measurement"):
        execute(f"UPDATE {table} SET due_at = due_at - %s, received_at = received_at - %s", [time, time])


def where_it_is(measurement: Measurement) -> str:
    overdue = overdue_measurements().filter(pk=measurement.pk).exists()
    outside = outside_period().filter(pk=measurement.pk).exists()
    assert not (overdue and outside)
    return "overdue" if overdue else "outside" if outside else "neither"


def test_a_statement_is_overdue_from_five_minutes_on_until_it_is_fulfilled(
    submitter: Submitter, work: Work
) -> None:
    state(submitter, -1)
    assert not overdue_statements().exists()
    let_pass(4 * MINUTE)
    assert not overdue_statements().exists()
    let_pass(MINUTE)
    assert overdue_statements().get() == Statement.objects.get()
    work()
    assert not overdue_statements().exists()


def test_a_held_measurement_is_overdue_from_five_minutes_on_and_outside_period_after_seven_days(
    submitter: Submitter, work: Work
) -> None:
    measurement = measure(submitter)
    work()
    assert where_it_is(measurement) == "neither"
    let_pass(5 * MINUTE)
    assert where_it_is(measurement) == "overdue"
    let_pass(days(6.9))
    assert where_it_is(measurement) == "overdue"
    let_pass(days(0.2))
    assert where_it_is(measurement) == "outside"


def test_a_measurement_that_is_covered_is_neither(submitter: Submitter, work: Work) -> None:
    state(submitter, -1)
    measurement = measure(submitter)
    work()
    let_pass(days(100))
    assert where_it_is(measurement) == "neither"


def test_while_a_statement_about_the_patient_waits_a_measurement_stays_overdue(
    submitter: Submitter, work: Work
) -> None:
    measurement = measure(submitter)
    state(submitter, -1)
    let_pass(days(8))
    assert where_it_is(measurement) == "overdue"
    work()
    assert where_it_is(measurement) == "neither"


def test_a_measurement_within_a_period_that_was_never_counted_stays_overdue(
    submitter: Submitter, work: Work
) -> None:
    state(submitter, -1)
    measurement = measure(submitter)
    work()
    # As a lost or dead recompute job would leave it: the link is there, and the measurement is held nevertheless.
    Measurement.objects.update(association=None)
    let_pass(days(8))
    assert Association.objects.exists()
    assert where_it_is(measurement) == "overdue"


def test_a_measurement_outside_period_is_considered_again_when_periods_change(
    submitter: Submitter, work: Work
) -> None:
    measurement = measure(submitter)
    work()
    let_pass(days(8))
    assert where_it_is(measurement) == "outside"
    state(submitter, -1)
    work()
    assert where_it_is(measurement) == "neither"
    state(submitter, -0.5, active=False)
    work()
    assert where_it_is(measurement) == "outside"
