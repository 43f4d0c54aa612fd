"""What a client writes as a method, a host or a header stands in no line of the log."""

import io
import logging

import pytest
from django.test import Client
from pytest_django import Settings

from clinical_engine.common.logs import ValueFreeFormatter
from clinical_engine.common.written_by_clients import known_method

MARK = "Kowalczyk-4711"


def line_of(name: str, message: str, *arguments: object) -> str:
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, arguments, None)
    return ValueFreeFormatter("%(message)s").format(record)


@pytest.mark.parametrize("method", [MARK, MARK.upper(), "", None, "get"])
def test_a_method_that_only_the_client_knows_is_other(method: str | None) -> None:
    assert known_method(method) == "OTHER"
    assert known_method("PATCH") == "PATCH"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f"Invalid HTTP header name: '{MARK} blat'", "Invalid HTTP header name"),
        (f'Invalid HTTP method: "{MARK}\'s"', "Invalid HTTP method"),
        (f"Invalid chunk terminator is not '\\r\\n': b'{MARK}'", "Invalid chunk terminator is not"),
        (f"Proxy request from '{MARK}' not allowed", "Proxy request from"),
        ("Request Line is too large (9000 > 4094)", "Request Line is too large (9000 > 4094)"),
    ],
)
def test_what_gunicorn_says_of_no_http_ends_before_what_was_sent(said: str, expected: str) -> None:
    for client in ("127.0.0.1", "::1"):
        line = line_of("gunicorn.error", f"Invalid request from ip={client}: {said}")
        assert line == f"Invalid request from ip={client}: {expected}"


def test_gunicorn_tells_of_a_request_that_failed_without_its_address() -> None:
    line = line_of("gunicorn.error", "Error handling request %s %s", MARK, f"/{MARK}?q={MARK}")
    assert line == "Error handling request"
    assert line_of("gunicorn.error", "Worker exiting (pid: %s)", 7) == "Worker exiting (pid: 7)"


def test_django_tells_of_a_request_that_it_refused_without_what_it_refused(
    log: io.StringIO, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    careful = Client(enforce_csrf_checks=True)
    assert careful.get("/admin/login/", headers={"Host": f"{MARK}.example"}).status_code == 400
    assert careful.post("/admin/login/", headers={"Origin": f"https://{MARK}.example"}).status_code == 403
    assert careful.post("/admin/login/").status_code == 403
    assert Client().generic(MARK, "/health/live").status_code == 405
    assert Client().generic("POST", "/health/live").status_code == 405
    assert Client().get(f"/{MARK}/é").status_code == 404
    lines = [line for line in log.getvalue().splitlines() if line.startswith(("ERROR", "WARNING"))]
    assert MARK not in log.getvalue()
    assert lines == [
        "ERROR django.security.DisallowedHost A request was refused",
        "WARNING django.security.csrf Forbidden (Origin checking failed): /admin/login/",
        "WARNING django.security.csrf Forbidden (CSRF cookie not set.): /admin/login/",
        "WARNING django.request Method Not Allowed (OTHER): /health/live",
        "WARNING django.request Method Not Allowed (POST): /health/live",
        "WARNING django.request Not Found: (an unknown address)",
    ]
