"""A captured statement is explained without its values, and nothing of it is run."""

from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from django.db import connection

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.profiling.explaining import CannotExplainError
from clinical_engine.profiling.explaining import explain as explain_shape
from clinical_engine.profiling.explaining.cleaning import cleaned
from clinical_engine.profiling.fingerprints import shape_of
from patients.models import Patient
from tests import factories

PATIENCE = timedelta(seconds=5)


def explain(statement: str) -> str:
    return explain_shape(shape_of(statement).text, timeout=PATIENCE)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM patients_patient WHERE id = %s",
        "SELECT id FROM patients_patient WHERE id IN (%s, %s, %s) LIMIT 21",
        "SELECT id FROM patients_patient WHERE id = ANY(%s) OFFSET 5",
        "SELECT id FROM patients_patient WHERE id = ANY('{}'::uuid[])",
        "SELECT 1 AS a FROM patients_patient WHERE external_id LIKE 'x%%' ESCAPE '!' LIMIT 1",
        "SELECT now() - INTERVAL '7 days', date '2026-01-01', %s AT TIME ZONE 'UTC'",
        "SELECT state, count(*) FROM jobs_job GROUP BY 1 ORDER BY 2 DESC",
        "SELECT id FROM jobs_job WHERE payload ? 'patient' AND payload->>'a' = 'b' AND payload ?| %s",
        "SELECT CAST(%s AS numeric(10, 2)), %s::varchar(20)",
        "SELECT attempts_made + CASE WHEN state = %s THEN 1 ELSE 0 END FROM jobs_job",
        "SELECT 'a', 1 UNION ALL SELECT kind, count(*) FROM jobs_job GROUP BY kind",
        "INSERT INTO jobs_circuit (kind, opened_at) VALUES (%s, %s), (%s, %s) ON CONFLICT DO NOTHING RETURNING kind",
        "UPDATE jobs_job SET state = %s WHERE id = %s",
        "DELETE FROM jobs_job WHERE finished_at < now() - %s::interval",
        "WITH gone AS (DELETE FROM jobs_job WHERE id = %s RETURNING id) SELECT count(*) FROM gone",
        "(SELECT id FROM jobs_job LIMIT 1) UNION (SELECT id FROM jobs_job LIMIT 2)",
        'DECLARE "_django_curs_1_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT id FROM jobs_job WHERE kind = %s',
        "COPY (SELECT id FROM jobs_job WHERE kind = 'x') TO STDOUT WITH (FORMAT csv)",
        "SELECT id FROM jobs_job WHERE id = %s FOR UPDATE SKIP LOCKED",
        "SELECT id FROM jobs_job WHERE finished_at < now() - %s AND state = %s",
        "SELECT id FROM jobs_job WHERE finished_at < (STATEMENT_TIMESTAMP() - %s) AND next_run_at > CURRENT_TIMESTAMP + %s",
        "SELECT now() - %s",
        "SELECT statement_id FROM profiling_statementday WHERE day < (day - %s) + %s",
        "SELECT statement_id FROM profiling_statementday WHERE day < now()::date - 7",
        "WITH RECURSIVE counted AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM counted WHERE n < 9) SELECT n FROM counted",
        "INSERT INTO jobs_circuit (kind, opened_at) SELECT %s, now() - %s UNION ALL SELECT 'a', now()",
    ],
)
def test_a_statement_of_any_kind_has_a_plan(statement: str) -> None:
    assert "cost=" in explain(statement)


@pytest.mark.django_db
def test_a_plan_shows_how_the_rows_are_reached() -> None:
    # Of an emptied table the planner may believe that it fits one page, and reads that.
    organisation = factories.organisation()
    Patient.objects.bulk_create(
        Patient(organisation=organisation, external_id=f"p-{n}") for n in range(1_000)
    )
    assert explain("SELECT * FROM patients_patient WHERE id = %s").startswith("Index Scan using patient")


@pytest.mark.django_db
def test_the_plan_is_one_for_any_value_not_for_null() -> None:
    assert "kind)::text = $1" in explain("SELECT * FROM jobs_job WHERE kind = %s")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE patients_patient SET external_id = %s",
        "DELETE FROM patients_patient WHERE id = id",
        "INSERT INTO django_content_type (app_label, model) VALUES (%s, %s)",
        "WITH gone AS (DELETE FROM patients_patient RETURNING 1) SELECT count(*), nextval('django_content_type_id_seq') FROM gone",
    ],
)
def test_explaining_what_writes_changes_nothing(committed_db: None, statement: str) -> None:
    factories.patient(factories.caller().organisation)
    before = state()
    assert "cost=" in explain(statement)
    assert state() == before


def state() -> list[object]:
    return [
        fetch_all("SELECT xmin::text, xmax::text, * FROM patients_patient"),
        fetch_all("SELECT max(id) FROM django_content_type"),
        fetch_all("SELECT last_value FROM django_content_type_id_seq"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SAVEPOINT x", "PostgreSQL makes no plan for SAVEPOINT."),
        ("COPY jobs_job FROM STDIN", "PostgreSQL makes no plan for COPY."),
        ("SET statement_timeout = 5", "PostgreSQL makes no plan for SET."),
        ("EXECUTE statement_1 (1)", "PostgreSQL makes no plan for EXECUTE."),
        ("EXPLAIN ANALYZE DELETE FROM jobs_job", "PostgreSQL makes no plan for EXPLAIN."),
        ("CALL nothing(%s)", "PostgreSQL makes no plan for CALL."),
        ("", "PostgreSQL makes no plan for an empty statement."),
        ("SELECT 1; DELETE FROM jobs_job", "These are several statements in one."),
        (
            "SELECT * FROM incoming_17",
            "A table of it is not there: a temporary one, or one that a release has taken away (42P01).",
        ),
        ("SELECT nothing FROM jobs_job", "A column of it is not there any more (42703)."),
        ("SELECT * FROM pg_authid", "The engine's role may not read one of its tables (42501)."),
        ("SELECT FROM WHERE", "PostgreSQL cannot plan it without its values (42601)."),
        (
            f"SELECT {', '.join(f'column{number}' for number in range(2_000))}",
            "The statement is too long: only its beginning was kept.",
        ),
    ],
)
def test_what_has_no_plan_is_refused_with_a_reason(statement: str, reason: str) -> None:
    with pytest.raises(CannotExplainError) as refused:
        explain(statement)
    assert str(refused.value) == reason


@pytest.mark.parametrize("shape", ["(other statements)", "(not SQL)"])
def test_what_stands_for_many_has_no_plan_and_says_so(shape: str) -> None:
    with pytest.raises(CannotExplainError, match="It stands for many statements, whose texts are not kept"):
        explain_shape(shape, timeout=PATIENCE)


def test_a_table_that_is_locked_is_not_waited_for(committed_db: None) -> None:
    with closing(psycopg2.connect(**connection.get_connection_params())) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE jobs_circuit IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CannotExplainError, match="Something else holds a lock"):
            explain("SELECT * FROM jobs_circuit")


@pytest.mark.django_db
def test_a_partial_index_is_planned_with_the_values_it_is_for() -> None:
    plan = explain(
        "SELECT id FROM jobs_job WHERE kind = %s AND queue = %s AND state IN (%s, %s) AND next_run_at <= now()"
    )
    *special, general = plan.split("\n\n")
    [claiming] = [each for each in special if each.startswith("With values for job_claim:\n")]
    assert "job_claim on jobs_job" in claiming or "Scan on job_claim" in claiming
    assert general.startswith("With any values:\n")
    assert "job_claim" not in general


@pytest.mark.django_db
def test_a_conflict_with_a_partial_index_is_planned() -> None:
    assert "Conflict Arbiter Indexes: job_coalesced" in explain(
        "INSERT INTO jobs_job (id, kind, patient_id) VALUES (%s, %s, %s) ON CONFLICT (kind, patient_id)"
        " WHERE state = 'available' AND dirty_from IS NOT NULL DO UPDATE SET dirty_from = excluded.dirty_from"
    )


@pytest.mark.django_db
def test_a_conflict_with_an_index_of_expressions_is_planned_with_the_values_it_has() -> None:
    plan = explain(
        "INSERT INTO observations_refusalcount (hour, code, field, reason, number) VALUES (now(), %s, %s, %s, 1)"
        " ON CONFLICT (hour, COALESCE(organisation_id, '00000000-0000-0000-0000-000000000000'),"
        " COALESCE(api_client_id, '00000000-0000-0000-0000-000000000000'), code, field, reason) DO NOTHING"
    )
    assert "Conflict Arbiter Indexes: refusal_count_once" in plan
    assert "0000" not in plan


@pytest.mark.django_db
def test_a_conflict_without_an_index_for_it_says_so() -> None:
    with pytest.raises(CannotExplainError, match="wants a unique index that is not there, or one whose"):
        explain("INSERT INTO jobs_circuit (kind) VALUES (%s) ON CONFLICT (coalesce(kind, 'x')) DO NOTHING")


@pytest.mark.django_db
def test_no_constant_of_a_table_is_in_a_plan() -> None:
    assert "available" not in explain(
        "SELECT id FROM jobs_job WHERE state = 'available' AND dirty_from IS NOT NULL"
    )


@pytest.mark.parametrize(
    ("line", "clean"),
    [
        ("  Filter: ((a = 5) AND (b = 'it''s'::text))", "  Filter: ((a = ?) AND (b = ?::text))"),
        ("  Index Cond: (x1 = $1)", "  Index Cond: (x1 = $1)"),
        ("  Filter: (a = (InitPlan 1).col1)", "  Filter: (a = (InitPlan 1).col1)"),
        ("  Workers Planned: 2", "  Workers Planned: 2"),
        ("Limit  (cost=0.15..8.17 rows=1 width=16)", "Limit  (cost=0.15..8.17 rows=1 width=16)"),
    ],
)
def test_constants_are_taken_out_of_a_plan_and_costs_are_not(line: str, clean: str) -> None:
    assert cleaned(line) == clean


@pytest.mark.django_db
def test_a_failed_explanation_leaves_the_callers_transaction_usable() -> None:
    with pytest.raises(CannotExplainError):
        explain("SELECT * FROM not_there")
    assert execute("SELECT 1") == 1
