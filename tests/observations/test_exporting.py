"""Exported files: what was counted is what they hold, in a memory that does not grow, and with no transaction open meanwhile."""

import tracemalloc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinical_engine.common.database import execute
from observations.exporting import Asked, Export, export, snapshot
from observations.models import Measurement
from submitters.models import Organisation
from tests import factories
from tests.admin import world


@pytest.fixture
def owner(db: None) -> Organisation:
    return factories.organisation()


def test_what_comes_in_after_it_was_counted_is_not_in_the_file(
    owner: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.record(owner, *(factories.reading("p-1") for _ in range(3)))
    made = exported()
    world.record(owner, factories.reading("p-2"))
    assert made.number == 3
    assert b"".join(made).count(b"p-2") == 0
    made.close()


@pytest.mark.usefixtures("committed_db")
def test_while_a_slow_reader_reads_no_transaction_is_open() -> None:
    world.record(factories.organisation(), *(factories.reading("p-1") for _ in range(3)))
    made = exported()
    pieces = iter(made)
    next(pieces)
    assert not connection.in_atomic_block
    next(pieces)
    assert connection.connection.info.transaction_status == 0
    made.close()


def exported() -> Export:
    rows = Measurement.objects.all()
    return export(actor=factories.user(), rows=rows, asked=Asked({}), reason="ticket 12")


def test_memory_and_statements_do_not_grow_with_a_piece_that_was_sent(
    owner: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "_PIECE", 200)
    world.record(owner, factories.reading("p-1"))
    peaks = []
    for number in (1_000, 8_000):
        copy_to(number)
        made = exported()
        tracemalloc.start()
        assert sum(len(piece) for piece in made) > 100 * number
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        made.close()
        assert made.number == number
    assert peaks[1] < 1.5 * peaks[0], peaks


def test_making_a_file_asks_as_often_for_many_as_for_one(owner: Organisation) -> None:
    asked = []
    world.record(owner, factories.reading("p-1"))
    for number in (1, 300):
        copy_to(number)
        actor = factories.user()
        with CaptureQueriesContext(connection) as queries:
            made = export(actor=actor, rows=Measurement.objects.all(), asked=Asked({}), reason="ticket 12")
            list(made)
            made.close()
        asked.append(len(queries))
    assert asked[0] == asked[1]


def copy_to(number: int) -> None:
    """Have so many copies of the one measurement."""
    execute(
        """
        INSERT INTO observations_measurement (id, organisation_id, patient_id, code_id, client_id, value_quantity, unit,
                                              measured_at, utc_offset_minutes, source, received_at, due_at)
        SELECT gen_random_uuid(), organisation_id, patient_id, code_id, 'copy-' || n, value_quantity, unit, measured_at,
               utc_offset_minutes, source, received_at, due_at
        FROM (SELECT * FROM observations_measurement ORDER BY client_id DESC LIMIT 1) AS one,
             generate_series((SELECT count(*) FROM observations_measurement), %s - 1) AS n
        """,
        [number],
    )
