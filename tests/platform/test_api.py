"""What every endpoint shares: who is let in, and how an error is answered."""

import io
import json
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.test import Client

from clinical_engine.api.checks import every_endpoint_names_its_scope
from clinical_engine.api.parsers import BATCH_BODY, BULK_BODY, SMALL_BODY
from clinical_engine.api.scopes import SCOPES
from submitters.models import ApiClient
from tests import factories
from tests.platform.urls import MARK

ID = UUID(int=7)
ENDPOINTS = {
    ("GET", f"/api/v1/jobs/{ID}"): "jobs:read",
    ("POST", "/api/v1/activations"): "activations:write",
    ("POST", "/api/v1/activations/batch"): "activations:write",
    ("POST", "/api/v1/deactivations"): "activations:write",
    ("POST", "/api/v1/deactivations/batch"): "activations:write",
    ("POST", "/api/v1/moves"): "activations:write",
    ("POST", "/api/v1/facts"): "facts:write",
    ("GET", f"/api/v1/measurements?patient={ID}"): "measurements:read",
    ("POST", "/api/v1/measurements"): "measurements:write",
    ("GET", f"/api/v1/observations?patient={ID}"): "observations:read",
    ("POST", "/api/v1/patients/lookup"): "patients:read",
    ("GET", f"/api/v1/patients/{ID}"): "patients:read",
}
POSTS = [path for method, path in ENDPOINTS if method == "POST"]
every_endpoint = pytest.mark.parametrize(("method", "path"), ENDPOINTS, ids=lambda part: part.split("?")[0])
every_get = pytest.mark.parametrize("path", [path for method, path in ENDPOINTS if method == "GET"])
every_post = pytest.mark.parametrize("path", POSTS)


def problem(response: Any, status: int) -> dict[str, Any]:
    """The problem document of an answer with that status."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:clinical-engine:problem:")
    assert {"title", "detail"} <= document.keys()
    return document


def send(client: Client, method: str, path: str, body: str = "{}", **more: Any) -> Any:
    return client.generic(method, path, body, **{"content_type": "application/json", **more})


def client_with(key: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {key}"})


@pytest.mark.django_db
@every_endpoint
def test_without_a_key_nobody_is_answered(method: str, path: str) -> None:
    response = send(Client(), method, path)
    problem(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    [
        "Bearer ce_unknown",
        "Bearer ",
        "Bearer",
        "",
        "Basic dXNlcjpwYXNz",
        "ce_unknown",
        "Bearer \x00",
        "Bearer ce_\x00\x00\x00",
        "Bearer k\xe9y",
        "Bearer " + "x" * 5000,
        "Bearer %s",
    ],
    ids=repr,
)
def test_a_key_that_is_none_is_refused(header: str) -> None:
    response = send(Client(headers={"Authorization": header}), "GET", f"/api/v1/jobs/{ID}")
    assert "ce_unknown" not in json.dumps(problem(response, 401))
    assert "WWW-Authenticate" in response.headers


def test_a_key_is_refused_from_the_moment_it_is_revoked(api: Client) -> None:
    assert send(api, "GET", f"/api/v1/jobs/{ID}").status_code == 404
    ApiClient.objects.update(revoked_at=factories.NOON)
    problem(send(api, "GET", f"/api/v1/jobs/{ID}"), 401)


def test_a_key_that_only_begins_like_a_known_one_is_refused(caller: factories.Caller) -> None:
    problem(send(client_with(caller.key[:-1] + "~"), "GET", f"/api/v1/jobs/{ID}"), 401)


@pytest.mark.django_db
@every_endpoint
def test_a_key_with_every_other_scope_is_refused_where_it_lacks_the_one(method: str, path: str) -> None:
    scope = ENDPOINTS[method, path]
    lacking = factories.caller(tuple(set(SCOPES) - {scope}))
    problem(send(client_with(lacking.key), method, path), 403)
    having = factories.caller((scope,))
    assert send(client_with(having.key), method, path).status_code not in {401, 403}


@pytest.mark.django_db
@every_get
def test_head_asks_for_the_scope_of_get_and_is_answered_like_it_without_its_content(path: str) -> None:
    scope = ENDPOINTS["GET", path]
    having = client_with(factories.caller((scope,)).key)
    got, head = having.get(path), having.head(path)
    assert (head.status_code, head.headers["Content-Type"]) == (got.status_code, got.headers["Content-Type"])
    assert got.status_code not in {401, 403, 405}
    assert head.content == b""
    lacking = client_with(factories.caller(tuple(set(SCOPES) - {scope})).key)
    assert lacking.head(path).status_code == 403


@pytest.mark.django_db
@every_endpoint
def test_what_there_is_at_an_address_is_told_to_a_key_with_any_scope_of_it(method: str, path: str) -> None:
    having = client_with(factories.caller((ENDPOINTS[method, path],)).key)
    answer = having.options(path)
    assert answer.status_code == 200
    assert {method, "OPTIONS"} <= set(answer.headers["Allow"].split(", "))
    of_address = {
        scope for (_, each), scope in ENDPOINTS.items() if urlsplit(each).path == urlsplit(path).path
    }
    lacking = client_with(factories.caller(tuple(set(SCOPES) - of_address)).key)
    problem(lacking.options(path), 403)
    problem(Client().options(path), 401)


@every_endpoint
def test_every_method_that_is_said_to_be_allowed_is(method: str, path: str, api: Client) -> None:
    allowed = send(api, "DELETE", path).headers["Allow"].split(", ")
    assert method in allowed
    for each in allowed:
        assert send(api, each, path).status_code not in {403, 405}, each


@pytest.mark.django_db
def test_a_key_without_any_scope_is_refused_everywhere() -> None:
    nothing = client_with(factories.caller(()).key)
    for method, path in ENDPOINTS:
        problem(send(nothing, method, path), 403)


def test_an_unknown_address_is_a_problem_for_machines_and_a_page_for_people(api: Client) -> None:
    document = problem(api.get(f"/api/v1/nothing/{MARK}"), 404)
    assert MARK not in json.dumps(document)
    page = api.get("/nothing")
    assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (404, "text/html")


@every_endpoint
def test_a_wrong_method_is_told_which_ones_there_are(method: str, path: str, api: Client) -> None:
    response = send(api, "DELETE", path)
    problem(response, 405)
    assert method in response.headers["Allow"]


@pytest.mark.django_db
@every_endpoint
def test_a_wrong_method_without_a_key_is_refused_like_any_other(method: str, path: str) -> None:
    problem(send(Client(), "DELETE", path), 401)


@every_post
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"],
)
def test_a_body_that_is_not_declared_to_be_json_is_refused(content_type: str, path: str, api: Client) -> None:
    document = problem(send(api, "POST", path, f"{MARK}=1", content_type=content_type), 415)
    assert MARK not in json.dumps(document)


@every_post
@pytest.mark.parametrize(
    "body",
    [
        '{"external_id": "MARK"',
        "MARK",
        '{"MARK"}',
        '["MARK",]',
        '{"a": "\\ud800MARK"',
        '"MARK',
        "{'MARK': 1}",
    ],
)
def test_a_body_that_is_no_json_is_refused_without_an_echo(body: str, path: str, api: Client) -> None:
    response = send(api, "POST", path, body.replace("MARK", MARK))
    # These endpoints read item by item, and may stumble over the content first.
    reads_items = path.endswith(("/measurements", "/facts", "/batch"))
    assert response.status_code in ({400, 422} if reads_items else {400})
    assert MARK not in json.dumps(problem(response, response.status_code))


@every_post
def test_a_body_of_broken_utf8_is_refused(path: str, api: Client) -> None:
    response = api.generic("POST", path, b'{"external_id": "\xff\xfe"}', content_type="application/json")
    assert response.status_code in {400, 422}
    problem(response, response.status_code)


def limit_of(path: str) -> int:
    if path.endswith("/batch"):
        return BATCH_BODY
    return BULK_BODY if path.endswith(("/measurements", "/facts")) else SMALL_BODY


@every_post
def test_a_body_above_the_limit_is_refused_and_one_at_the_limit_is_read(path: str, api: Client) -> None:
    problem(send(api, "POST", path, '"' + "x" * (limit_of(path) - 1) + '"'), 413)
    assert send(api, "POST", path, '"' + "x" * (limit_of(path) - 2) + '"').status_code == 422


@every_post
def test_a_body_that_is_larger_than_declared_is_read_no_further(path: str, api: Client) -> None:
    response = send(api, "POST", path, " " * 20 + "x" * limit_of(path) * 2, CONTENT_LENGTH="20")
    problem(response, 400)


@every_post
def test_a_small_body_that_is_declared_large_is_judged_by_what_came(path: str, api: Client) -> None:
    response = send(api, "POST", path, CONTENT_LENGTH="2000000000", **{"wsgi.input": io.BytesIO(b"{}")})  # type: ignore[arg-type]
    assert response.status_code in {400, 413, 422}


@pytest.mark.urls("tests.platform.urls")
def test_an_unexpected_error_is_answered_and_logged_without_any_value(
    caller: factories.Caller, log: io.StringIO
) -> None:
    client = Client(headers={"Authorization": f"Bearer {caller.key}"}, raise_request_exception=False)
    response = client.get("/api/v1/failing")
    document = problem(response, 500)
    assert MARK not in json.dumps(document)
    assert MARK not in log.getvalue()
    assert "ERROR django.request Internal Server Error: /api/v1/failing" in log.getvalue()
    assert "ValueError" in log.getvalue()
    assert "IntegrityError sqlstate=23505" in log.getvalue()
    assert "tests/platform/urls.py" in log.getvalue()


def test_every_endpoint_of_the_engine_names_its_scope() -> None:
    assert every_endpoint_names_its_scope(None) == []


@pytest.mark.urls("tests.platform.urls")
def test_the_system_check_finds_every_endpoint_without_a_scope_or_without_its_guard() -> None:
    found = {(error.id, str(error.msg).split()[0]) for error in every_endpoint_names_its_scope(None)}
    assert found == {
        ("api.E001", "UnscopedView.delete"),
        ("api.E001", "MisspeltView.get"),
        ("api.E001", "UnscopedViewSet.get"),
        ("api.E002", "OpenView"),
    }


@pytest.mark.urls("tests.platform.urls")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "unscoped"),
        ("GET", "misspelt"),
        ("GET", "set"),
        ("OPTIONS", "misspelt"),
        ("OPTIONS", "set"),
    ],
)
def test_an_endpoint_without_a_scope_answers_nobody(method: str, path: str, api: Client) -> None:
    problem(send(api, method, f"/api/v1/{path}"), 403)


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/api/v1/docs/"])
@pytest.mark.parametrize("method", ["OPTIONS", "POST", "DELETE"])
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_the_description_and_its_page_are_only_read(
    path: str, method: str, accept: str, client: Client
) -> None:
    response = client.generic(method, path, headers={"Accept": accept})
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["type"] == "urn:clinical-engine:problem:method-not-allowed"


def test_the_description_and_its_page_are_open_and_need_no_network(client: Client, db: None) -> None:
    assert client.get("/api/v1/openapi.json").status_code == 200
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    assert b"http://" not in page.content.replace(b"http://testserver", b"")
    assert b"https://" not in page.content
