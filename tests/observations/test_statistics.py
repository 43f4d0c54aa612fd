"""The work does not explode when the planner believes that the tables are empty, as it does after a first bulk load."""

import os
from contextlib import closing

import psycopg2
import pytest
from django.db import transaction

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs import worker
from observations.models import Measurement, Observation
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients.models import Association
from submitters.models import Submitter
from tests import factories
from tests.observations.facts import reading_on, record, state

PATIENTS, READINGS_OF_EACH = 40, 50
ROWS = PATIENTS * READINGS_OF_EACH
# The jobs read each row a few times; a join that goes wrong reads it as often as there are rows.
READS_OF_EACH_ROW = 20


def load(submitter: Submitter) -> None:
    for patient in range(PATIENTS):
        state(submitter, -100, f"s-{patient}", external_id=f"p-{patient}")
    record(
        submitter,
        *(
            reading_on(-number, external_id=f"p-{patient}")
            for patient in range(PATIENTS)
            for number in range(READINGS_OF_EACH)
        ),
    )


def believe_the_tables_are_empty(submitter: Submitter) -> None:
    """Count the rows while none of those that fill the pages is committed, as the server itself does every minute."""
    with transaction.atomic():
        load(submitter)
        work_off()
        transaction.set_rollback(True)
    with (
        closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as owner,
        owner,
        owner.cursor() as cursor,
    ):
        cursor.execute("ANALYZE")


def work_off() -> None:
    worker.work("associate", "default")
    worker.work("recompute", "default")


def rows_read() -> int:
    """Of the tables that grow with the measurements, in this transaction."""
    [(number,)] = fetch_all(
        """
        SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables
        WHERE relname IN ('observations_measurement', 'observations_observation')
        """
    )
    return int(number)


@pytest.fixture
def submitter(committed_db: None) -> Submitter:
    install_library(scripts=[GLUCOSE_7D])
    return factories.submitter()


def test_the_rows_that_are_read_grow_with_the_rows_there_are_and_not_with_their_square(
    submitter: Submitter,
) -> None:
    believe_the_tables_are_empty(submitter)
    with transaction.atomic():
        load(submitter)
        before = rows_read()
        work_off()
        read = rows_read() - before
    assert Association.objects.count() == PATIENTS
    assert Measurement.objects.exclude(association=None).count() == ROWS
    assert Observation.objects.count() == ROWS
    assert read < READS_OF_EACH_ROW * ROWS
