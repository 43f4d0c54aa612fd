"""What the database itself refuses, asked as the app's role with plain SQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.common.identifiers import new_id
from submitters.models import Submitter
from tests import factories
from tests.patients.concurrency import Threads, somebody_waits_for_a_lock, uncommitted, wait_until
from tests.patients.histories import at

ASSOCIATE = """
    INSERT INTO patients_association (organisation_id, patient_id, submitter_id, associated_at, dissociated_at)
    VALUES (%s, %s, %s, %s, %s)
"""


class Pair:
    def __init__(self) -> None:
        self.submitter: Submitter = factories.submitter()
        self.organisation_id: UUID = self.submitter.organisation_id
        self.patient = factories.patient(self.submitter.organisation)

    def associate(self, begins: float, ends: float | None) -> None:
        execute(
            ASSOCIATE,
            [self.organisation_id, self.patient.id, self.submitter.id, at(begins), ends and at(ends)],
        )


def assert_refused(constraint: str, sql: str, parameters: Any = ()) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        execute(sql, parameters)
    diagnosis = getattr(caught.value.__cause__, "diag", None)
    assert diagnosis is not None
    assert diagnosis.constraint_name == constraint


@pytest.fixture
def pair(db: None) -> Pair:
    return Pair()


def parameters_of(pair: Pair, begins: float, ends: float | None) -> list[object]:
    return [pair.organisation_id, pair.patient.id, pair.submitter.id, at(begins), ends and at(ends)]


def test_a_pair_has_at_most_one_open_association(pair: Pair) -> None:
    pair.associate(1, None)
    assert_refused("association_open_once", ASSOCIATE, parameters_of(pair, 5, None))


@pytest.mark.parametrize("ends", [1, 0.5], ids=["at its beginning", "before it"])
def test_a_period_cannot_end_before_or_as_it_begins(pair: Pair, ends: float) -> None:
    assert_refused("association_ends_after_it_begins", ASSOCIATE, parameters_of(pair, 1, ends))


def test_a_pair_has_one_period_from_a_time_on(pair: Pair) -> None:
    pair.associate(1, 3)
    assert_refused("association_begins_once", ASSOCIATE, parameters_of(pair, 1, 2))


OVERLAPS = [(0, 2), (2, 3), (2, 7), (4.5, 9), (0, 9), (0, None)]


@pytest.mark.parametrize(("begins", "ends"), OVERLAPS)
def test_periods_of_a_pair_cannot_overlap(pair: Pair, begins: float, ends: float | None) -> None:
    pair.associate(1, 5)
    assert_refused("association_periods_do_not_overlap", ASSOCIATE, parameters_of(pair, begins, ends))


@pytest.mark.parametrize(("begins", "ends"), [(0, 1), (5, 7), (5, None)])
def test_periods_of_a_pair_can_touch(pair: Pair, begins: float, ends: float | None) -> None:
    pair.associate(1, 5)
    pair.associate(begins, ends)


def test_periods_of_different_pairs_can_overlap(pair: Pair) -> None:
    pair.associate(1, None)
    Pair().associate(1, None)
    other = factories.submitter(pair.submitter.organisation)
    execute(ASSOCIATE, [pair.organisation_id, pair.patient.id, other.id, at(1), None])


@pytest.mark.parametrize(
    "change",
    ["dissociated_at = NULL", f"dissociated_at = '{at(8).isoformat()}'", "dissociated_at = 'infinity'"],
)
def test_an_update_cannot_make_periods_overlap_either(pair: Pair, change: str) -> None:
    pair.associate(1, 5)
    pair.associate(7, 9)
    assert_refused(
        "association_periods_do_not_overlap",
        f"UPDATE patients_association SET {change} WHERE associated_at = %s",
        [at(1)],
    )


def test_overlaps_within_one_statement_are_refused_too(pair: Pair) -> None:
    assert_refused(
        "association_periods_do_not_overlap",
        """
        INSERT INTO patients_association (organisation_id, patient_id, submitter_id, associated_at, dissociated_at)
        SELECT %s, %s, %s, begins, ends FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS new (begins, ends)
        """,
        [*parameters_of(pair, 0, 0)[:3], array_literal([at(1), at(2)]), array_literal([at(3), at(4)])],
    )


def test_an_upsert_cannot_make_periods_overlap_either(pair: Pair) -> None:
    pair.associate(1, 5)
    pair.associate(7, 9)
    assert_refused(
        "association_periods_do_not_overlap",
        ASSOCIATE
        + "ON CONFLICT (patient_id, submitter_id, associated_at) DO UPDATE SET dissociated_at = excluded.dissociated_at",
        parameters_of(pair, 1, 8),
    )


def test_an_association_joins_no_two_organisations(pair: Pair) -> None:
    foreign = Pair()
    row = {"organisation": pair.organisation_id, "patient": pair.patient.id, "submitter": pair.submitter.id}
    for changed, constraint in (
        ({"patient": foreign.patient.id}, "patient"),
        ({"submitter": foreign.submitter.id}, "submitter"),
        ({"organisation": foreign.organisation_id}, "patient"),
        ({"organisation": foreign.organisation_id, "patient": foreign.patient.id}, "submitter"),
    ):
        assert_refused(
            f"patients_association_{constraint}_of_organisation",
            ASSOCIATE,
            [*(row | changed).values(), at(1), None],
        )


STATE = """
    INSERT INTO patients_statement (id, organisation_id, patient_id, submitter_id, kind, effective_at, client_id, source,
                                    job_id, due_at)
    VALUES (%(id)s, %(organisation)s, %(patient)s, %(submitter)s, %(kind)s, now(), %(client_id)s, %(source)s, %(id)s, now())
"""


def statement_of(pair: Pair, **fields: object) -> dict[str, object]:
    return {
        "id": new_id(),
        "organisation": pair.organisation_id,
        "patient": pair.patient.id,
        "submitter": pair.submitter.id,
        "kind": "activation",
        "client_id": "s-1",
        "source": "api",
        **fields,
    }


def test_a_statement_joins_no_two_organisations(pair: Pair) -> None:
    foreign = Pair()
    assert_refused(
        "patients_statement_patient_of_organisation", STATE, statement_of(pair, patient=foreign.patient.id)
    )
    assert_refused(
        "patients_statement_submitter_of_organisation",
        STATE,
        statement_of(pair, submitter=foreign.submitter.id),
    )


def test_a_client_id_is_used_once_in_an_organisation(pair: Pair) -> None:
    execute(STATE, statement_of(pair))
    assert_refused("statement_client_id_once", STATE, statement_of(pair))
    execute(STATE, statement_of(Pair()))


def test_kinds_and_sources_are_known_ones(pair: Pair) -> None:
    assert_refused("statement_kind_known", STATE, statement_of(pair, kind="pause"))
    assert_refused("statement_source_known", STATE, statement_of(pair, source="rumour"))


def test_an_external_id_is_one_patient_of_its_organisation_and_never_empty(pair: Pair) -> None:
    insert = "INSERT INTO patients_patient (id, organisation_id, external_id) VALUES (%s, %s, %s)"
    assert_refused(
        "patient_external_id_once", insert, [new_id(), pair.organisation_id, pair.patient.external_id]
    )
    assert_refused("patient_external_id_not_empty", insert, [new_id(), pair.organisation_id, ""])
    execute(insert, [new_id(), Pair().organisation_id, pair.patient.external_id])


def test_a_patient_with_facts_cannot_be_deleted_or_moved_to_another_organisation(pair: Pair) -> None:
    execute(STATE, statement_of(pair))
    for sql in (
        "DELETE FROM patients_patient WHERE id = %(patient)s",
        "UPDATE patients_patient SET organisation_id = %(other)s WHERE id = %(patient)s",
    ):
        assert_refused(
            "patients_statement_patient_of_organisation",
            sql,
            {"patient": pair.patient.id, "other": Pair().organisation_id},
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE patients_association",
        "ALTER TABLE patients_association DISABLE TRIGGER association_inserted",
        "ALTER TABLE patients_association DROP CONSTRAINT association_open_once",
        "DROP TRIGGER association_updated ON patients_association",
        "DROP FUNCTION patients_refuse_overlap CASCADE",
        "DROP INDEX association_open_once",
        "CREATE TABLE other (id int)",
        "CREATE INDEX ON patients_association (id)",
        "CREATE SCHEMA other",
        "SET session_replication_role = replica",
        "SET ROLE clinical_engine_owner",
        "ALTER TABLE patients_patient OWNER TO clinical_engine_app",
        "CREATE ROLE other",
        "COPY patients_patient TO PROGRAM 'cat'",
        "COPY patients_patient TO '/dev/null'",
    ],
)
def test_the_app_role_changes_rows_and_nothing_else(sql: str) -> None:
    with pytest.raises(ProgrammingError) as caught, transaction.atomic():
        execute(sql)
    assert getattr(caught.value.__cause__, "pgcode", None) == "42501"


@pytest.mark.django_db
def test_the_app_role_owns_nothing() -> None:
    assert fetch_all("SELECT relname FROM pg_class WHERE relowner = current_user::regrole") == []
    [(is_superuser, bypasses)] = fetch_all(
        "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    assert (is_superuser, bypasses) == (False, False)


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize("by_update", [False, True], ids=["by an insert", "by an update"])
def test_two_connections_that_race_for_overlapping_periods_cannot_both_win(*, by_update: bool) -> None:
    pair = Pair()
    if by_update:
        pair.associate(1, 2)
        lengthen = "UPDATE patients_association SET dissociated_at = %s WHERE associated_at = %s"

    def second() -> None:
        if by_update:
            execute(lengthen, [at(8), at(1)])
        else:
            pair.associate(1, 8)

    with Threads(2) as threads:
        with uncommitted(threads, lambda: pair.associate(5, 9)):
            losing = threads.start(expect_refusal, second)
            # It must wait for the first: before the first's commit it could not even see what it overlaps.
            wait_until(lambda: somebody_waits_for_a_lock() or losing.done())
            assert not losing.done()
        assert losing.result() == "association_periods_do_not_overlap"
    [(count,)] = fetch_all("SELECT count(*) FROM patients_association WHERE dissociated_at > %s", [at(5)])
    assert count == 1


def expect_refusal(write: Any) -> str:
    with pytest.raises(IntegrityError) as caught:
        write()
    return str(getattr(caught.value.__cause__, "diag").constraint_name)  # noqa: B009 - the stubs know no driver


def test_times_are_kept_to_the_microsecond(pair: Pair) -> None:
    begins = datetime.fromisoformat("2026-03-10T12:00:00.000001+00:00")
    execute(ASSOCIATE, [pair.organisation_id, pair.patient.id, pair.submitter.id, begins, None])
    assert fetch_all("SELECT associated_at FROM patients_association") == [(begins,)]
