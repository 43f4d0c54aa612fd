"""The statements that run for every patient and every reading reach large tables by an index, and by the one that is written down.

Indexes are kept in plans.json, by what is done and how each statement begins, so that a reviewer reads the change.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from clinical_engine.common.database import fetch_all
from tests.conftest import empty_database
from tests.scaling import explaining, world
from tests.scaling.actions import Action
from tests.scaling.endpoints import ENDPOINTS
from tests.scaling.explaining import Plan
from tests.scaling.recording import recorded
from tests.scaling.sizes import MANY_PATIENTS, REQUEST, SIZES
from tests.scaling.work import KINDS, periodic

FILE = Path(__file__).with_name("plans.json")
UPDATE = "UPDATE_PLANS"
Indexes = Mapping[str, Mapping[str, Sequence[str]]]
"""By what is done, and how the statement begins."""
HOT: Mapping[str, Action] = {
    **{f"api {name}": action for name, action in ENDPOINTS.items()},
    **{f"job {name}": action for name, action in KINDS.items()},
    "periodic sweep": periodic()["sweep"],
}


@pytest.fixture(scope="module")
def plans(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Mapping[str, Sequence[Plan]]:
    """Of everything in HOT, in a world that the planner takes for large. The others make the world too, and undo it."""
    with django_db_blocker.unblock():
        try:
            many = world.begin()
            for patients in (*SIZES, MANY_PATIENTS):
                many.grow(patients)
                # Long before all are there: what earlier tests left the planner to believe would make this take minutes.
                analyse()
            many.settle()
            analyse()
            found = {name: _plans_of(action, many) for name, action in HOT.items()}
            return found | {name: [explaining.plan_of(sql, sql)] for name, sql in PLANTED.items()}
        finally:
            empty_database()
            connection.close()


def analyse() -> None:
    """Let the planner know; only the tables' owner may."""
    with (
        closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as database,
        database,
        database.cursor() as cursor,
    ):
        cursor.execute("ANALYZE")


def _plans_of(action: Action, many: world.World) -> list[Plan]:
    with transaction.atomic():
        act = action.prepare(many, REQUEST)
        with recorded() as recording, pytest.MonkeyPatch.context() as patched:
            patched.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
            act()
        found = explaining.plans_of(recording.statements)
        transaction.set_rollback(True)
    return found


# A roster is compared as a set, in one statement however many it lists: reading tables whole is what that is for.
_AS_A_SET = "WITH listed AS"


@pytest.mark.parametrize("name", HOT)
def test_no_hot_statement_reads_a_large_table_whole(plans: Mapping[str, Sequence[Plan]], name: str) -> None:
    hot = [plan for plan in plans[name] if not plan.beginning.startswith(_AS_A_SET)]
    found = explaining.complaints(name, hot)
    assert not found, "\n".join(found)


def test_the_indexes_of_hot_statements_are_those_written_down(plans: Mapping[str, Sequence[Plan]]) -> None:
    used = {name: explaining.by_statement(plans[name]) for name in HOT}
    if os.environ.get(UPDATE):
        FILE.write_text(json.dumps(used, indent=2, sort_keys=True) + "\n")
    changes = list(_changes(json.loads(FILE.read_text()), used))
    assert not changes, "\n".join([*changes, f"If that is meant, run the tests with {UPDATE}=1."])


def _changes(written: Indexes, used: Indexes) -> Iterator[str]:
    for name in sorted(written.keys() | used.keys()):
        before, now = written.get(name, {}), used.get(name, {})
        for beginning in sorted(before.keys() | now.keys()):
            if before.get(beginning) != now.get(beginning):
                yield f"{name} uses {now.get(beginning)} and not {before.get(beginning)}: {beginning}"


ANY_PATIENT = "p-000007"
PLANTED = {
    "as it should be": f"SELECT id FROM patients_patient WHERE organisation_id = (SELECT id FROM submitters_organisation LIMIT 1)"
    f" AND external_id = '{ANY_PATIENT}'",
    "a wrapped column": f"SELECT id FROM patients_patient WHERE lower(external_id) = '{ANY_PATIENT}'",
    "a key as text": "UPDATE jobs_job SET cursor = NULL WHERE id::text = 'none'",
    "a condition without an index": "SELECT id FROM patients_statement WHERE source = 'none'",
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_statement_that_cannot_use_its_index_is_found(
    plans: Mapping[str, Sequence[Plan]], name: str
) -> None:
    assert bool(explaining.complaints(name, plans[name])) == (name != "as it should be")


@pytest.mark.django_db
def test_small_tables_are_tables() -> None:
    tables = {name for (name,) in fetch_all("SELECT tablename FROM pg_tables")}
    assert not explaining.SMALL - tables
