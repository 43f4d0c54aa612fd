"""A request's statements count for its method and route, and never for anything that only the caller knows."""

from io import BytesIO
from typing import Any

import pytest
from django.http import FileResponse, HttpRequest
from django.test import Client

from clinical_engine.common.identifiers import new_id
from clinical_engine.profiling.capture.requests import capture_request
from tests import factories
from tests.factories import Caller
from tests.profiling.capture.support import Noted, capturing

pytestmark = pytest.mark.django_db


def origins(noted: Noted) -> set[str]:
    return {each.origin for each in noted.counted}


def test_a_request_is_named_by_its_route_and_not_by_its_path(api: Client, caller: Caller) -> None:
    patient = factories.patient(caller.organisation, "ext-4711")
    with capturing() as noted:
        assert api.get(f"/api/v1/patients/{patient.pk}").status_code == 200
    assert len(origins(noted)) == 1
    [origin] = origins(noted)
    assert origin.startswith("GET /api/v1/patients/<uuid:")
    assert str(patient.pk) not in repr(noted.counted)


def test_what_authentication_and_sessions_ask_belongs_to_the_request(client: Client) -> None:
    client.force_login(factories.user())
    with capturing() as noted:
        client.get("/admin/")
    assert "django_session" in " ".join(each.shape for each in noted.counted)
    assert origins(noted) == {"GET /admin/"}


def test_a_path_that_leads_nowhere_is_not_told(client: Client) -> None:
    client.force_login(factories.user())
    with capturing() as noted:
        assert client.get(f"/nowhere/ext-4711/{new_id()}").status_code == 404
        assert client.get("/admin/nowhere/ext-4711/").status_code in {302, 404}
    assert "4711" not in repr(noted.counted)


def test_a_method_that_nobody_knows_is_not_told(api: Client) -> None:
    with capturing() as noted:
        api.generic("EXT-4711", "/api/v1/patients/lookup")
    assert "4711" not in repr(noted.counted)
    assert {origin.split()[0] for origin in origins(noted)} <= {"OTHER"}


def test_a_streamed_answer_counts_for_its_request(admin_client: Client) -> None:
    with capturing() as noted:
        answer: Any = admin_client.post(
            "/admin/observations/measurement/export/", {"reason": "To look into it"}
        )
        assert answer.status_code == 200
        before_reading = len(noted.tally._cells)
        assert b"".join(answer.streaming_content)
        assert len(noted.tally._cells) > before_reading
    assert origins(noted) == {"POST /admin/observations/measurement/export/"}


def test_a_file_is_handed_to_the_server_as_it_is() -> None:
    file = BytesIO(b"content")
    with capturing():
        answer = capture_request(lambda _: FileResponse(file))(HttpRequest())
    assert isinstance(answer, FileResponse)
    assert answer.file_to_stream is file
