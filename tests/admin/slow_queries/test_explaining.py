"""EXPLAIN on demand, and what the server itself counted."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from clinical_engine.profiling import pg_stat_statements
from clinical_engine.profiling.models import CapturedStatement
from patients.models import Patient
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.test_pages import shown
from tests.profiling import captured
from tests.profiling.test_pg_stat_statements import SHAPE, counted, counting_server

__all__ = ["counting_server"]
PAGE = "admin:profiling_capturedstatement_change"


def address(statement: CapturedStatement) -> str:
    return reverse("admin:profiling_capturedstatement_explain", args=[statement.pk])


@pytest.mark.usefixtures("db")
def test_an_engineer_sees_the_plan_and_the_trail_says_that_it_was_asked_for(on_call: Client) -> None:
    made = captured.statement()
    page = on_call.post(address(made)).content.decode()
    assert "patients_patient" in page
    assert "cost=" in page
    entry = AuditEntry.objects.get(target_type="captured_statement")
    assert (entry.action, entry.details) == (
        "captured_statement.explain",
        {"fingerprint": made.fingerprint},
    )


def test_an_explanation_of_an_update_changes_nothing(on_call: Client) -> None:
    patient = factories.patient(factories.organisation(), "p-1")
    made = captured.statement(shape='UPDATE "patients_patient" SET "external_id" = ?')
    assert "Update on patients_patient" in on_call.post(address(made)).content.decode()
    assert Patient.objects.get(pk=patient.pk).external_id == "p-1"


def test_what_has_no_plan_says_why(on_call: Client) -> None:
    for shape in ("SAVEPOINT ?", "SELECT FROM", 'SELECT ? FROM "gone"'):
        answer = on_call.post(address(captured.statement(shape=shape)))
        assert answer.status_code == 200
        assert answer.context["problem"], shape
        assert 'role="alert"' in answer.content.decode()
        assert "No plan of" in answer.content.decode()
        assert "As the database would run it now" not in answer.content.decode()


def test_an_upsert_without_its_unique_index_says_that(on_call: Client) -> None:
    shape = 'INSERT INTO "patients_patient" ("id") VALUES (?) ON CONFLICT ("external_id") DO NOTHING'
    answer = on_call.post(address(captured.statement(shape=shape)))
    assert answer.context["problem"].startswith("Its ON CONFLICT wants a unique index")
    assert "42P10" in answer.context["problem"]


def test_a_plan_is_asked_for_by_a_button_and_never_by_a_link(on_call: Client) -> None:
    made = captured.statement()
    assert f'action="{address(made)}"' in shown(on_call, PAGE, made.pk)
    assert on_call.get(address(made)).headers["Location"] == reverse(PAGE, args=[made.pk])
    assert not AuditEntry.objects.filter(target_type="captured_statement").exists()


def test_who_may_not_explain_is_refused(db: None) -> None:
    made = captured.statement()
    for role in ("Clinical support", "Script author"):
        assert logged_in(role).post(address(made)).status_code == 403
    assert on_call_status(made, key="9999999") == 302


def on_call_status(made: CapturedStatement, key: str) -> int:
    return logged_in("On-call engineer").post(address(made).replace(str(made.pk), key, 1)).status_code


@pytest.fixture
def _server_is_asked_anew() -> Iterator[None]:
    pg_stat_statements.forget()
    yield
    pg_stat_statements.forget()


@pytest.mark.usefixtures("_server_is_asked_anew")
def test_a_server_that_does_not_count_is_said_to(on_call: Client) -> None:
    assert "The server has no pg_stat_statements" in shown(on_call, PAGE, captured.statement().pk)


@pytest.mark.usefixtures("db", "_server_is_asked_anew", "counting_server")
def test_what_the_server_counted_stands_beside_what_the_capture_did(on_call: Client) -> None:
    counted(SHAPE.text, calls=100)
    made = captured.statement(fingerprint=SHAPE.fingerprint, shape=SHAPE.text)
    page = " ".join(shown(on_call, PAGE, made.pk).split())
    assert "<td>1.5 s</td><td>15 ms</td><td>3</td><td>40</td><td>2</td>" in page
    assert "<td>70</td><td>7 s</td><td>100 ms</td>" in page
