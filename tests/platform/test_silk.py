"""Profiled requests: who sees them, what they hold, and that recording changes nothing."""

import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import DataError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings
from silk.models import Request, SQLQuery
from silk.urls import urlpatterns as silk_patterns

from clinical_engine.common.database import fetch_all
from patients.models import Patient
from tests import factories

MARK = "Zaphrasia-4711"
NUMBER = "123.4567890123"


@pytest.fixture
def profiled(settings: Settings) -> None:
    """Every request is recorded."""
    settings.PROFILED_SHARE = 1


@pytest.fixture
def not_profiled(settings: Settings) -> None:
    settings.PROFILED_SHARE = 0


def silk_pages() -> list[str]:
    """The address of every page of silk, with made-up arguments."""
    made_up = {"request_id": UUID(int=1), "sql_id": 1, "profile_id": 1}
    return [
        reverse(
            f"silk:{pattern.name}",
            kwargs={name: made_up[name] for name in pattern.pattern.converters},
        )
        for pattern in silk_patterns
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("path", silk_pages())
def test_silk_sends_strangers_to_the_login_and_refuses_staff(path: str, client: Client) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("admin:login"))
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert client.get(path).status_code == 403


@pytest.mark.django_db
def test_silk_opens_for_the_permission_made_for_it(client: Client) -> None:
    engineer = User.objects.create_user("engineer")
    engineer.user_permissions.add(Permission.objects.get(codename="view_silk"))
    client.force_login(engineer)
    for path in ("/silk/", "/silk/requests/", "/silk/cleardb/"):
        assert client.get(path).status_code == 200


@pytest.mark.usefixtures("profiled")
def test_a_recorded_request_can_be_read_by_an_engineer(client: Client, api: Client) -> None:
    api.get(f"/api/v1/jobs/{UUID(int=7)}")
    engineer = User.objects.create_user("engineer")
    engineer.user_permissions.add(Permission.objects.get(codename="view_silk"))
    client.force_login(engineer)
    request = Request.objects.get(path="/api/v1/jobs/<uuid:job_id>")
    page = client.get(f"/silk/request/{request.id}/sql/")
    assert page.status_code == 200
    assert b"submitters_apiclient" in page.content


@pytest.mark.usefixtures("profiled")
def test_a_recorded_request_keeps_its_route_and_statements_with_placeholders(api: Client) -> None:
    api.get(f"/api/v1/jobs/{UUID(int=7)}?secret={MARK}")
    request = Request.objects.get()
    assert request.path == "/api/v1/jobs/<uuid:job_id>"
    assert request.query_params == ""
    assert request.num_sql_queries == SQLQuery.objects.count() > 0
    assert all("%s" in query.query for query in SQLQuery.objects.all())


def statements_of(api: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        api.get(path)
    return [
        query["sql"] for query in captured if "silk_" not in query["sql"] and "SAVEPOINT" not in query["sql"]
    ]


def test_recording_adds_no_statement_to_a_request_and_explains_none(api: Client, settings: Settings) -> None:
    path = f"/api/v1/measurements?patient={UUID(int=7)}"
    settings.PROFILED_SHARE = 0
    plain = statements_of(api, path)
    settings.PROFILED_SHARE = 1
    recorded = statements_of(api, path)
    assert SQLQuery.objects.exists()
    assert recorded == plain
    assert not any("EXPLAIN" in sql.upper() for sql in recorded)


@pytest.mark.urls("tests.platform.urls")
@pytest.mark.usefixtures("committed_db", "profiled")
def test_the_real_database_error_surfaces_from_inside_a_transaction(client: Client) -> None:
    with pytest.raises(DataError, match="division by zero"):
        client.get("/divide")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
@pytest.mark.usefixtures("committed_db", "profiled")
def test_health_and_metrics_are_never_recorded(path: str, client: Client) -> None:
    client.get(path)
    assert not Request.objects.exists()


@pytest.mark.usefixtures("not_profiled")
def test_nothing_is_recorded_outside_the_share(api: Client) -> None:
    api.get(f"/api/v1/jobs/{UUID(int=7)}")
    assert not Request.objects.exists()


def requests_with_the_mark(caller: factories.Caller) -> Iterator[tuple[str, str, Any]]:
    """(method, address, body) of requests that carry the mark wherever something can be sent."""
    organisation, submitter = str(caller.organisation.id), str(caller.submitter.id)
    statement = {
        "client_id": f"s-{MARK}",
        "submitter": submitter,
        "external_id": MARK,
        "effective_at": "2026-03-01T00:00:00Z",
    }
    reading = {
        "client_id": f"m-{MARK}",
        "external_id": MARK,
        "code": "2339-0",
        "value": float(NUMBER),
        "unit": "mg/dL",
        "measured_at": "2026-03-02T00:00:00Z",
    }
    measurements = {"organisation": organisation, "measurements": [reading]}
    yield "POST", "activations", statement
    yield "POST", "activations", statement
    yield "POST", "activations", {**statement, "external_id": f"{MARK}-other"}
    yield "POST", "activations", {**statement, "effective_at": MARK}
    yield "POST", "activations", f'{{"external_id": "{MARK}'
    yield (
        "POST",
        "deactivations",
        {**statement, "client_id": f"d-{MARK}", "effective_at": "2026-03-05T00:00:00Z"},
    )
    yield "POST", "measurements", measurements
    yield "POST", "measurements", measurements
    yield "POST", "measurements", {**measurements, "measurements": [{**reading, "value": 7}]}
    yield "POST", "measurements", {**measurements, "measurements": [{**reading, "unit": MARK, MARK: MARK}]}
    yield "POST", "measurements", {**measurements, MARK: MARK}
    yield "POST", "patients/lookup", {"organisation": organisation, "external_id": MARK}
    yield "POST", "patients/lookup", {"organisation": MARK, "external_id": MARK}
    patient = Patient.objects.get(external_id=MARK).id
    yield "GET", f"patients/{patient}", None
    yield "GET", f"patients/{patient}?name={MARK}", None
    yield "GET", f"measurements?patient={patient}&code={MARK}", None
    yield "GET", f"measurements?patient={patient}&cursor={MARK}", None
    yield "GET", f"measurements?patient={MARK}", None
    yield "GET", f"observations?patient={patient}&since={MARK}", None
    yield "GET", f"observations?{MARK}={MARK}", None
    yield "GET", f"patients/{MARK}", None
    yield "GET", f"jobs/{MARK}/{NUMBER}", None


def use_the_api(caller: factories.Caller, api: Client) -> None:
    for method, path, body in requests_with_the_mark(caller):
        content = body if isinstance(body, str) else json.dumps(body)
        response = api.generic(
            method, f"/api/v1/{path}", content if body else "", content_type="application/json"
        )
        assert response.status_code < 500, (path, response.content)
    api.get("/api/v1/patients/lookup", headers={"Authorization": f"Bearer {MARK}", "X-Patient": MARK})


def use_the_admin(client: Client) -> None:
    """Logs in with the mark as name and password, then with an account, and searches for it in every list."""
    client.post(reverse("admin:login"), {"username": MARK, "password": MARK})
    client.force_login(User.objects.create_superuser("root", password="x"))
    for model in admin.site._registry:
        try:
            path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        except NoReverseMatch:
            continue
        assert client.get(path).status_code == 200
        assert client.get(path, {"q": MARK}).status_code in {200, 302}
        row = model._default_manager.first()
        if row is not None:
            change = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            assert client.get(change).status_code in {200, 302, 403}
    client.get(f"/admin/patients/{MARK}/")


def silk_rows() -> str:
    tables = fetch_all(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'silk_%%'", []
    )
    assert len(tables) >= 4
    return "\n".join(
        row for (table,) in tables for (row,) in fetch_all(f'SELECT row_to_json(t)::text FROM "{table}" t')
    )


@pytest.mark.usefixtures("profiled", "scripts")
def test_no_name_number_or_id_of_a_patient_reaches_silk_or_a_log(
    caller: factories.Caller, api: Client, client: Client, log: io.StringIO, work: Any
) -> None:
    use_the_api(caller, api)
    work()
    use_the_api(caller, api)
    use_the_admin(client)
    assert Patient.objects.filter(external_id=MARK).exists()
    assert Request.objects.count() > 40
    kept = silk_rows()
    assert "/api/v1/activations" in kept
    assert "patients_patient" in kept
    for secret in (MARK, NUMBER, "123.4567", caller.key, str(caller.submitter.id)):
        assert secret not in kept
        assert secret not in log.getvalue()
    assert "django.request" in log.getvalue()
