"""What one patient costs stays what it was on a connection that has just written thousands: no plan reads a table whole."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs import worker
from patients.models import Association, RosterState
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON
from tests.patients.rosters.support import patients, roster_of, state_active, state_inactive, step
from tests.running.support import rows

Work = Callable[[], int]
TABLES = ("patients_patient", "patients_association", "patients_statement")
# More than PostgreSQL tries out before it keeps a function's plan for good.
OFTEN = 12


@pytest.fixture(autouse=True)
def _not_known_to_be_empty() -> None:
    """As in any database that was not vacuumed while empty: keys are checked by plans that last until statistics come, within a
    minute, and where a table is known to be empty such a plan reads it whole.
    """
    for table in TABLES:
        rows(os.environ["DATABASE_OWNER_URL"], f"SELECT pg_clear_relation_stats('public', '{table}')")


def rows_read_by_scans() -> int:
    """How many rows this connection's transaction has read by going through a whole table of patients."""
    [(rows,)] = fetch_all(
        "SELECT COALESCE(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)",
        [list(TABLES)],
    )
    return int(rows)


@contextmanager
def by_index_alone() -> Iterator[None]:
    before = rows_read_by_scans()
    yield
    assert rows_read_by_scans() == before


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
