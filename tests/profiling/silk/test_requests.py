"""Profiled requests: who sees them, what they hold, and that recording changes nothing."""

import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import UUID

import psycopg2
import pytest
from django.contrib.auth.models import Permission, User
from django.db import DataError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings
from silk.models import Request, SQLQuery
from silk.urls import urlpatterns as silk_patterns

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import execute
from clinical_engine.profiling.models import ProfiledStatement
from tests import factories

MARK = "Zaphrasia-4711"


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


def test_a_link_to_what_is_deleted_by_now_leads_to_nothing_and_is_no_failure(reader: Client) -> None:
    pages = [path for path in silk_pages() if "/request/" in path or "/profile/" in path]
    assert {path: reader.get(path, {"typ": "request", "subtyp": "raw"}).status_code for path in pages} == (
        dict.fromkeys(pages, 404)
    )


@pytest.mark.usefixtures("profiled")
def test_a_recorded_request_has_no_file_of_a_profiler(reader: Client, api: Client) -> None:
    api.get(f"/api/v1/jobs/{UUID(int=7)}")
    recorded = Request.objects.get()
    for page in ("pyprofile", "json"):
        assert reader.get(f"/silk/request/{recorded.id}/{page}/").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["order_by=bogus", "path=%00", "show=abc", "show=-1", "show=99999999999999999999", "name=%00", "page=x"],
)
@pytest.mark.parametrize("path", ["/silk/requests/", "/silk/profiling/"])
def test_silk_ignores_parameters_that_mean_nothing(reader: Client, path: str, query: str) -> None:
    assert reader.get(f"{path}?{query}").status_code == 200
    assert reader.get(path).status_code == 200, "nothing of it is kept in the session"


@pytest.mark.usefixtures("profiled")
def test_silk_narrows_and_orders_by_parameters_that_it_knows(reader: Client, api: Client) -> None:
    for number in range(3):
        api.get(f"/api/v1/jobs/{UUID(int=number)}")
    recorded = {"path": "/api/v1/jobs/<uuid:job_id>", "order_by": "time_taken", "show": "2"}
    page = reader.get("/silk/requests/", recorded)
    assert 'value="time_taken" selected' in " ".join(page.content.decode().split())
    assert len(page.context["results"]) == 2
    assert not reader.get("/silk/requests/", {"path": "/elsewhere"}).context["results"]


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
def test_a_recorded_statement_leads_back_to_the_captured_one(reader: Client, api: Client) -> None:
    api.get(f"/api/v1/jobs/{UUID(int=7)}")
    recorded = ProfiledStatement.objects.values_list("fingerprint", "request_id")
    noted, pages = {fingerprint for fingerprint, _ in recorded}, set()
    grant = Permission.objects.get(codename="view_capturedstatement")
    assert "?q=" not in reader.get(page_of(SQLQuery.objects.all()[0])).content.decode()
    User.objects.get(username="reader").user_permissions.add(grant)
    for query in SQLQuery.objects.all():
        pages |= set(re.findall(r"capturedstatement/\?q=(\w+)", reader.get(page_of(query)).content.decode()))
    assert noted
    assert noted <= pages


def page_of(query: SQLQuery) -> str:
    return reverse("silk:request_sql_detail", args=[query.request_id, query.pk])


@pytest.mark.usefixtures("profiled")
def test_a_recorded_request_keeps_its_route_and_the_shapes_of_its_statements(api: Client) -> None:
    api.get(f"/api/v1/jobs/{UUID(int=7)}?secret={MARK}")
    request = Request.objects.get()
    assert request.path == "/api/v1/jobs/<uuid:job_id>"
    assert request.query_params == ""
    assert request.num_sql_queries == SQLQuery.objects.count() > 0
    assert all("?" in query.query for query in SQLQuery.objects.all())


def statements_of(api: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        api.get(path)
    of_silk = ("silk_", "profiling_", "SAVEPOINT")
    return [query["sql"] for query in captured if not any(part in query["sql"] for part in of_silk)]


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
    entry = AuditEntry.objects.get(action="profiled_requests.delete")
    assert (entry.actor, entry.target_id, entry.details) == (engineer, "all", {"deleted": 1})


@pytest.mark.usefixtures("profiled")
def test_what_is_copied_is_recorded_too(api: Client, caller: factories.Caller) -> None:
    path = f"/api/v1/submitters/{caller.submitter.id}/roster?as_of=2026-03-10T12:00:00Z"
    body = json.dumps({"external_id": MARK}).encode()
    assert api.put(path, body, content_type="application/x-ndjson").status_code == 202
    recorded = list(SQLQuery.objects.values_list("query", flat=True))
    assert any(each.startswith("COPY patients_rosterline") for each in recorded), recorded
    assert not any(MARK in each for each in recorded)


@pytest.mark.usefixtures("profiled")
def test_a_recorded_statement_says_where_in_our_code_it_comes_from(api: Client) -> None:
    api.get(f"/api/v1/jobs/{UUID(int=7)}")
    [asked] = SQLQuery.objects.filter(query__contains="jobs_job")
    files = asked.traceback_ln_only.splitlines()
    assert all(line.startswith('  File "') for line in files)
    assert any("clinical_engine/jobs/selectors.py" in line for line in files)
    assert not any("clinical_engine/profiling/" in line for line in files)


@pytest.mark.usefixtures("committed_db", "profiled")
def test_a_request_is_answered_though_silk_cannot_write(log: io.StringIO) -> None:
    api = Client(headers={"Authorization": f"Bearer {factories.caller().key}"})
    with held_against_writing("silk_request"):
        answer = api.get(f"/api/v1/jobs/{UUID(int=7)}")
    assert answer.status_code == 404
    assert "lost" in log.getvalue()
    assert not Request.objects.exists()


@contextmanager
def held_against_writing(table: str) -> Iterator[None]:
    """Another connection holds the table, and ours soon gives up waiting for it."""
    execute("SET lock_timeout = 200")
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as other, other.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        yield
    execute("RESET lock_timeout")
