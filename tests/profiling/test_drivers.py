"""What statements may grow with: how much there is of it, exactly or nearly, and cheaply however much it is."""

import os
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection, transaction

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.profiling import drivers
from clinical_engine.profiling.drivers import Driver, about, register, registered
from observations.models import Measurement
from patients.models import Association
from submitters.models import Organisation, Submitter
from tests import factories
from tests.patients.concurrency import Threads, uncommitted
from tests.running.support import rows

OPEN = {
    "table": "patients_association",
    "condition": "dissociated_at IS NULL",
    "index": "association_open_once",
}


def value(name: str) -> float:
    return next(driver.read() for driver in registered() if driver.name == name)


@pytest.fixture
def estimated(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is more than fifty is estimated, from statistics that only the test renews."""
    monkeypatch.setattr(drivers, "EXACT_UP_TO", 50)
    monkeypatch.setattr("patients.drivers.EXACT_UP_TO", 50)
    as_owner("ALTER TABLE patients_association SET (autovacuum_enabled = false)")
    yield
    as_owner("ALTER TABLE patients_association RESET (autovacuum_enabled)")


def as_owner(statement: str) -> None:
    rows(os.environ["DATABASE_OWNER_URL"], statement)


def link(first: int, last: int, *, is_open: bool = True) -> None:
    """Links of patients with these numbers, every fifth to two submitters."""
    organisation = Organisation.objects.first() or factories.organisation()
    submitters = [*Submitter.objects.all()] or [factories.submitter(organisation) for _ in range(2)]
    execute(
        """
        WITH numbered AS (
            SELECT number, lpad(to_hex(number), 32, '0')::uuid AS id FROM generate_series(%(first)s::int, %(last)s::int) number
        ), patients AS (
            INSERT INTO patients_patient (id, organisation_id, external_id)
            SELECT id, %(organisation)s, 'p-' || number FROM numbered
        )
        INSERT INTO patients_association (organisation_id, patient_id, submitter_id, associated_at, dissociated_at)
        SELECT %(organisation)s, id, submitter, now() - interval '1 day', CASE WHEN %(is_open)s THEN NULL ELSE now() END
        FROM numbered CROSS JOIN unnest(%(submitters)s::uuid[]) WITH ORDINALITY AS submitter (submitter, place)
        WHERE place = 1 OR number %% 5 = 0
        """,
        {
            "first": first,
            "last": last,
            "organisation": organisation.pk,
            "submitters": [submitter.pk for submitter in submitters],
            "is_open": is_open,
        },
    )
    # Another connection's estimate sees it as soon as the collector does.
    execute("SELECT pg_stat_force_next_flush()")


def test_the_apps_register_what_the_engine_grows_with() -> None:
    assert [(driver.name, driver.title) for driver in registered()] == [
        ("submitters", "submitters"),
        ("active_patients", "active patients"),
        ("open_associations", "open associations"),
        ("measurements", "measurements"),
    ]


def test_a_driver_of_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="submitters is registered twice"):
        register(Driver("submitters", "submitters", lambda: 1.0))


@pytest.mark.django_db
def test_few_are_counted_exactly() -> None:
    link(1, 10)
    link(11, 30, is_open=False)
    assert value("open_associations") == Association.objects.filter(dissociated_at=None).count() == 12
    assert value("active_patients") == 10
    assert value("submitters") == Submitter.objects.count() == 2
    assert value("measurements") == Measurement.objects.count() == 0


@pytest.mark.usefixtures("estimated")
def test_many_are_estimated_from_the_statistics_and_what_was_written_since_counts() -> None:
    link(1, 20_000)
    link(20_001, 40_000, is_open=False)
    as_owner("ANALYZE patients_association")
    assert value("open_associations") == pytest.approx(24_000, rel=0.03)
    assert value("active_patients") == pytest.approx(20_000, rel=0.04)
    assert about("patients_association") == pytest.approx(48_000, rel=0.02)
    link(40_001, 50_000)
    link(50_001, 60_000, is_open=False)
    assert about("patients_association") == pytest.approx(72_000, rel=0.02)
    assert value("open_associations") == pytest.approx(36_000, rel=0.03)
    assert value("active_patients") == pytest.approx(30_000, rel=0.04)


@pytest.mark.usefixtures("estimated")
def test_a_table_that_was_never_analysed_has_what_was_written_to_it() -> None:
    # TRUNCATE by the last test left neither rows nor statistics.
    link(1, 1000)
    assert about("patients_association") == pytest.approx(1200, rel=0.01)
    assert about(**OPEN) >= 51


@pytest.mark.usefixtures("estimated")
def test_an_estimate_reads_no_more_of_a_large_table_than_of_a_small_one() -> None:
    link(1, 20_000)
    as_owner("ANALYZE patients_association")
    with transaction.atomic():
        before = _rows_read()
        assert about(**OPEN) > 20_000
        read = _rows_read() - before
    assert read <= 200


def _rows_read() -> int:
    [(number,)] = fetch_all(
        """
        SELECT COALESCE(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_xact_user_tables
        WHERE relname = 'patients_association'
        """
    )
    return int(number)


@pytest.mark.usefixtures("committed_db")
def test_reading_gives_up_before_it_holds_anybody_up() -> None:
    with (
        Threads(1) as threads,
        uncommitted(threads, lambda: execute("LOCK TABLE patients_association IN ACCESS EXCLUSIVE MODE")),
        pytest.raises(OperationalError, match="canceling statement due to statement timeout"),
    ):
        value("open_associations")
    connection.close()
