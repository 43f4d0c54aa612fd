"""The canary once more with real processes: web and worker, each with its own log, on a server with one, too."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
import requests
from django.conf import settings
from silk.models import Request

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs.models import Job
from clinical_engine.running.processes import wait_until
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients.models import Association
from tests import factories
from tests.profiling.silk.canary.kept import kept
from tests.profiling.silk.canary.marked import (
    MARK,
    NUMBER,
    fhir_requests_with_the_mark,
    import_with_the_mark,
    requests_with_the_mark,
)
from tests.workers import running_web, running_worker

# Everything is recorded, and what is counted is written at once.
WATCHED = {"PROFILED_SHARE": "1", "CAPTURE_EVERY_SECONDS": "0.5"}


def send_everything(address: str, caller: factories.Caller) -> None:
    headers = {"Authorization": f"Bearer {caller.key}"}
    for prefix, asked in (
        ("/api/v1/", requests_with_the_mark(caller)),
        ("/fhir", fhir_requests_with_the_mark(caller)),
    ):
        for method, path, body in asked:
            status = sent(method, f"{address}{prefix}{path}", body, headers).status_code
            assert status < 500, (method, path, status)
    requests.get(f"{address}/admin/{MARK}?q={MARK}", timeout=60)
    for written in WRITTEN_BY_HAND:
        assert answer_to(address, written).startswith(b"HTTP/1.1 4"), written


# What no client of ours sends: the mark as a method, known to be one or not, as a header's name, a host, and an origin.
WRITTEN_BY_HAND = (
    f"{MARK.upper()} /fhir/ HTTP/1.1\r\nHost: localhost",
    f"{MARK.upper()} /health/live HTTP/1.1\r\nHost: localhost",
    f"{MARK} / HTTP/1.1\r\nHost: localhost",
    f"GET /{MARK} {MARK}/1.1\r\nHost: localhost",
    f"GET / HTTP/1.1\r\nHost: localhost\r\n{MARK} blat: 1",
    f"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MARK}",
    f"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: {MARK}",
    f"GET /admin/login/ HTTP/1.1\r\nHost: {MARK}.example",
    f"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nOrigin: https://{MARK}.example\r\nContent-Length: 0",
)


def answer_to(address: str, written: str) -> bytes:
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=60) as connected:
        connected.sendall(f"{written}\r\nConnection: close\r\n\r\n".encode())
        return connected.recv(4096)


def sent(method: str, url: str, body: Any, headers: dict[str, str]) -> requests.Response:
    content = body if isinstance(body, str) or body is None else json.dumps(body)
    kind = "application/x-ndjson" if method == "PUT" else "application/json"
    return requests.request(method, url, data=content, headers={**headers, "Content-Type": kind}, timeout=60)


@contextmanager
def locked(table: str) -> Iterator[psycopg2.extensions.cursor]:
    """Nobody else gets at the table."""
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as other, other.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield cursor


def run_into_limits(log: Path, caller: factories.Caller, limit: dict[str, str]) -> None:
    """The same, of a web process whose statements are over their limit each time."""
    reading = {
        "client_id": MARK,
        "external_id": MARK,
        "code": "2339-0",
        "value": float(NUMBER),
        "unit": "mg/dL",
        "measured_at": "2026-03-02T00:00:00Z",
    }
    body = {"organisation": str(caller.organisation.id), "measurements": [reading]}
    headers = {"Authorization": f"Bearer {caller.key}"}
    with running_web(log, environment={**WATCHED, **limit}) as address, locked("patients_patient"):
        assert sent("POST", f"{address}/api/v1/measurements", body, headers).status_code == 503


def clash_on_the_server() -> None:
    """What the server itself says of a statement with the mark that it refuses."""
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as other, other.cursor() as cursor:
        for statement in (
            f"INSERT INTO patients_patient (id, organisation_id, external_id) VALUES ('{MARK}', NULL, '{MARK}')",
            f"SELECT '{MARK} {NUMBER}'::int",
        ):
            with pytest.raises(psycopg2.Error):
                cursor.execute(statement)
            other.rollback()


@pytest.mark.usefixtures("committed_db")
def test_no_process_writes_a_patient_down_for_engineers(tmp_path: Path) -> None:
    install_library(scripts=[GLUCOSE_7D])
    caller = factories.caller()
    web, worker = tmp_path / "web.log", tmp_path / "worker.log"
    postgres = Path(settings.VAR_DIR) / "log" / "postgres.log"
    with running_web(web, environment=WATCHED) as address, running_worker(worker, environment=WATCHED):
        send_everything(address, caller)
        import_with_the_mark(caller)
        assert wait_until(lambda: Association.objects.exists() and not unfinished(), seconds=60)
        assert wait_until(lambda: Request.objects.filter(method="JOB").count() > 3, seconds=60)
    for number, limit in enumerate(({"WEB_LOCK_TIMEOUT_MS": "1000"}, {"WEB_STATEMENT_TIMEOUT_MS": "2000"})):
        run_into_limits(tmp_path / f"limited-{number}.log", caller, limit)
    clash_on_the_server()
    assert Request.objects.filter(method="POST", response__status_code=503).count() == 2
    assert b"patients_patient" in kept("profiling_capturedbatch")
    said = b"".join(log.read_bytes() for log in tmp_path.glob("*.log")) + postgres.read_bytes()
    for expected in (
        b"Unprocessable Entity: /api/v1/measurements",
        b"Service Unavailable: /api/v1/measurements",
        b"Method Not Allowed (OTHER)",
        b"Invalid HTTP header name\n",
        b"Invalid HTTP method\n",
        b"django.security.DisallowedHost",
        b"Forbidden (Origin checking failed)",
    ):
        assert expected in said
    assert b"database system is ready" in said, "The server's own log is among them."
    found = kept()
    for secret in (MARK, MARK.upper(), NUMBER, NUMBER[:8], caller.key):
        assert secret.encode() not in found
        assert secret.encode() not in said


def unfinished() -> bool:
    return (
        bool(
            fetch_all(
                "SELECT 1 FROM jobs_job WHERE state NOT IN ('succeeded', 'dead', 'invalid_payload') LIMIT 1"
            )
        )
        or not Job.objects.exists()
    )
