"""Profiled requests: who sees them, what they hold, and that recording changes nothing."""

from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.db import DataError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings
from silk.models import Request, SQLQuery
from silk.urls import urlpatterns as silk_patterns

from tests import factories

MARK = "Zaphrasia-4711"


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


@pytest.mark.usefixtures("profiled")
def test_what_is_written_by_hand_is_recorded_too(api: Client, caller: factories.Caller) -> None:
    activation = {
        "client_id": "a-1",
        "submitter": str(caller.submitter.id),
        "external_id": MARK,
        "effective_at": factories.NOON.isoformat(),
    }
    assert api.post("/api/v1/activations", activation, content_type="application/json").status_code == 202
    recorded = " ".join(SQLQuery.objects.values_list("query", flat=True))
    for table in ("patients_patient", "patients_statement", "jobs_job"):
        assert f"INSERT INTO {table}" in recorded
    assert MARK not in recorded


@pytest.mark.usefixtures("profiled")
def test_an_engineer_can_delete_all_that_is_recorded(client: Client, api: Client) -> None:
    api.get(f"/api/v1/jobs/{UUID(int=7)}")
    assert SQLQuery.objects.exists()
    engineer = User.objects.create_user("engineer")
    engineer.user_permissions.add(Permission.objects.get(codename="view_silk"))
    client.force_login(engineer)
    assert client.post("/silk/cleardb/", {"clear_all": "on"}).status_code == 200
    assert not SQLQuery.objects.exists()
    assert not Request.objects.exists()
