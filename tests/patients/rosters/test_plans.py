"""What one patient costs stays what it was on a connection that has just written thousands: no plan reads a table whole."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs import worker
from observations.intake import Sender, record_measurements
from observations.models import MeasurementSource
from patients.models import Association, RosterState
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON
from tests.patients.rosters.support import patients, roster_of, state_active, state_inactive, step
from tests.running.support import rows

Work = Callable[[], int]
TABLES = ("patients_patient", "patients_association", "patients_statement")
READ_IN_SLICES = (*TABLES, "observations_measurement")
# More than PostgreSQL tries out before it keeps a function's plan for good.
OFTEN = 12


@pytest.fixture(autouse=True)
def _not_known_to_be_empty() -> Iterator[None]:
    """As in any database that was not vacuumed while empty: keys are checked by plans that last until statistics come, within a
    minute, and where a table is known to be empty such a plan reads it whole. Statistics that come in the midst of a test would
    say so again, since nothing of it is committed.
    """
    owner = os.environ["DATABASE_OWNER_URL"]
    for table in READ_IN_SLICES:
        rows(owner, f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
        rows(owner, f"SELECT pg_clear_relation_stats('public', '{table}')")
    yield
    for table in READ_IN_SLICES:
        rows(owner, f"ALTER TABLE {table} RESET (autovacuum_enabled)")


def rows_read_by_scans(tables: Sequence[str]) -> int:
    """How many rows this connection's transaction has read by going through one of the tables as a whole."""
    [(rows,)] = fetch_all(
        "SELECT COALESCE(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)",
        [list(tables)],
    )
    return int(rows)


@contextmanager
def by_index_alone(tables: Sequence[str] = TABLES) -> Iterator[None]:
    before = rows_read_by_scans(tables)
    yield
    assert rows_read_by_scans(tables) == before


@pytest.fixture
def _as_after_a_pilot() -> Iterator[None]:
    """The statistics of two patients with very many periods and readings, with one submitter."""
    known = (
        ("patients_association", "patient_id", 2),
        ("patients_association", "submitter_id", 1),
        ("observations_measurement", "patient_id", 2),
    )
    owner = os.environ["DATABASE_OWNER_URL"]
    for table, column, values in known:
        rows(
            owner,
            f"SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', '{table}', 'attname', '{column}',"
            f" 'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', {values}::real)",
        )
    yield
    for table, column, _ in known:
        rows(owner, f"SELECT pg_clear_attribute_stats('public', '{table}', '{column}', false)")


def apply(submitter: Submitter, number: int, start: int = 0) -> None:
    roster = roster_of(submitter, patients(number, start), NOON)
    while step(roster):
        pass
    assert roster.state == RosterState.APPLIED


def link_and_unlink(submitter: Submitter, patient: str) -> None:
    state_active(submitter, patient)
    worker.work("associate", "default")
    state_inactive(submitter, patient, since=NOON)
    worker.work("associate", "default")


def test_single_links_use_indexes_after_slices_of_thousands_on_the_same_connection(
    submitter: Submitter,
) -> None:
    for number in range(OFTEN):
        link_and_unlink(submitter, f"before-{number}")
    apply(submitter, 12_000)
    for number in range(OFTEN):
        with by_index_alone():
            link_and_unlink(submitter, f"after-{number}")
    assert Association.objects.filter(dissociated_at=NOON).count() == 2 * OFTEN


def test_slices_of_thousands_use_indexes_whatever_is_there_already(submitter: Submitter) -> None:
    apply(submitter, 12_000)
    for number in range(OFTEN):
        link_and_unlink(submitter, f"between-{number}")
    # Of another organisation, so that the comparison, which may read whole tables, has nothing to find here.
    other = factories.submitter()
    roster = roster_of(other, patients(11_000), NOON)
    step(roster)
    assert roster.state == RosterState.APPLYING
    with by_index_alone():
        while roster.state == RosterState.APPLYING:
            step(roster)
    assert Association.objects.filter(submitter=other).count() == 11_000


def test_folding_thousands_again_uses_indexes(submitter: Submitter) -> None:
    apply(submitter, 12_000)
    some = list(patients(3_000, start=5_000))
    state_inactive(submitter, *some, since=NOON)
    with by_index_alone():
        worker.work("associate", "default")
    assert Association.objects.filter(dissociated_at=NOON).count() == 3_000


@pytest.mark.usefixtures("_as_after_a_pilot")
def test_after_a_pilot_of_few_patients_a_large_roster_uses_indexes(submitter: Submitter) -> None:
    organisation = submitter.organisation
    sender = Sender(MeasurementSource.IMPORT)
    for patient in ("pilot-1", "pilot-2"):
        readings = [factories.reading(patient, 100, NOON - timedelta(hours=hour)) for hour in range(1_000)]
        record_measurements(organisation_id=organisation.pk, readings=readings, sender=sender)
    roster = roster_of(submitter, patients(11_000), NOON)
    step(roster)
    assert roster.state == RosterState.APPLYING
    with by_index_alone(READ_IN_SLICES):
        while roster.state == RosterState.APPLYING:
            step(roster)
    assert Association.objects.filter(submitter=submitter).count() == 11_000
