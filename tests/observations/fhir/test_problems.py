"""Whatever goes wrong below `/fhir`, wherever it is found, is an OperationOutcome in FHIR's media type."""

from typing import Any

import pytest
import requests
from django.test import Client
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from clinical_engine.api.parsers import BULK_BODY
from observations.fhir.views import BundleView
from tests import factories
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, issues, observation, send
from tests.observations.fhir.conftest import ValidatingClient, assert_valid
from tests.observations.fhir.urls import MARK
from tests.workers import running_web

Issue = tuple[int, str, str, str]


def found(answer: Any) -> Issue:
    """The status, the severity, FHIR's word and ours of an answer that has one issue."""
    [issue] = answer.json()["issue"]
    [(severity, code, _)] = issues(answer.json())
    return answer.status_code, severity, issue["code"], code


@pytest.mark.urls("tests.observations.fhir.urls")
def test_an_unexpected_error_is_an_outcome_that_says_nothing_of_what_was_processed(caller: Caller) -> None:
    headers = {"Authorization": f"Bearer {caller.key}"}
    answer = ValidatingClient(headers=headers, raise_request_exception=False).get("/fhir/failing")
    assert found(answer) == (500, "fatal", "exception", "unexpected")
    assert MARK not in answer.content.decode()


class Full(BaseThrottle):
    """Lets nobody in for seven seconds."""

    def allow_request(self, _request: Request, _view: Any) -> bool:
        return False

    def wait(self) -> float:
        return 7


def test_too_many_requests_are_an_outcome_that_says_when_to_come_back(
    api: ValidatingClient, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BundleView, "throttle_classes", [Full])
    answer = send(api, bundle(observation(caller)))
    assert found(answer) == (429, "error", "throttled", "throttled")
    assert answer.headers["Retry-After"] == "7"


def test_a_host_that_is_not_ours_is_answered_as_an_outcome(api: ValidatingClient) -> None:
    answer = api.get("/fhir/metadata", headers={"Host": "elsewhere.example"})
    assert found(answer) == (400, "error", "structure", "bad-request")


@pytest.mark.parametrize(
    ("path", "media_type"), [("/api/v1/jobs", "application/problem+json"), ("/admin/", "text/html")]
)
def test_elsewhere_a_host_that_is_not_ours_is_answered_in_the_form_of_the_place(
    db: None, path: str, media_type: str
) -> None:
    answer = Client().get(path, headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (400, media_type)


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/fhir", "application/fhir+json"), ("/fhir/x", "application/fhir+json"), ("/fhirx", "text/html")],
)
def test_only_what_is_below_fhir_is_answered_in_its_form(db: None, path: str, media_type: str) -> None:
    for headers in ({}, {"Host": "elsewhere.example"}):
        answer = Client().delete(path, headers=headers)
        assert answer.headers["Content-Type"].split(";")[0] == media_type


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_bundle_is_refused_clearly(api: ValidatingClient, caller: Caller, coding: str) -> None:
    answer = send(api, bundle(observation(caller)), **{"Content-Encoding": coding})
    assert found(answer) == (422, "error", "value", "compressed")


def test_a_key_that_is_none_and_one_without_the_scope_are_answered_as_outcomes(db: None) -> None:
    unknown = ValidatingClient(headers={"Authorization": "Bearer ce_nobody"})
    assert found(unknown.get("/fhir/Observation")) == (401, "error", "login", "authentication-failed")
    narrow = ValidatingClient(
        headers={"Authorization": f"Bearer {factories.caller(scopes=('jobs:read',)).key}"}
    )
    assert found(send(narrow, {})) == (403, "error", "forbidden", "permission-denied")


@pytest.mark.usefixtures("committed_db")
def test_over_the_wire_too_every_problem_is_an_outcome(tmp_path: Any) -> None:
    caller = factories.caller()
    headers = {"Authorization": f"Bearer {caller.key}", "Content-Type": "application/fhir+json"}
    with running_web(tmp_path / "web.log") as address:

        def asked(method: str, path: str, **sent: Any) -> tuple[int, str]:
            answer = requests.request(method, f"{address}{path}", timeout=20, **{"headers": headers, **sent})
            assert answer.headers["Content-Type"] == "application/fhir+json"
            assert_valid(answer.json())
            status, _, _, code = found(answer)
            return status, code

        assert asked("POST", "/fhir", data=iter([b"{", b"}"])) == (411, "length-required")
        assert asked("POST", "/fhir/metadata", data=iter([b"{", b"}"])) == (411, "length-required")
        assert asked("POST", "/fhir", data=b" " * (BULK_BODY + 1)) == (413, "body-too-large")
        assert asked("PUT", "/fhir", data=b"{}") == (405, "method-not-allowed")
        assert asked("GET", "/fhir/Patient/1") == (404, "not-found")
        assert asked("POST", "/fhir", data=b"{}", headers={}) == (401, "not-authenticated")
        xml = {**headers, "Content-Type": "application/fhir+xml"}
        assert asked("POST", "/fhir", data=b"<a/>", headers=xml) == (415, "unsupported-media-type")
