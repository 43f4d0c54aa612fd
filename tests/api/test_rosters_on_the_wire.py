"""Rosters as they come over the wire: in chunks, broken off, endless."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
import requests
from django.conf import settings

from clinical_engine.common.database import fetch_all
from clinical_engine.running.processes import wait_until
from patients.models import Association, Roster, RosterLine, RosterState
from tests.factories import NOON, Caller
from tests.patients.rosters.rows import ndjson
from tests.ports import free_port
from tests.workers import running_web, running_web_at, running_worker


def headers(caller: Caller) -> dict[str, str]:
    return {"Authorization": f"Bearer {caller.key}", "Content-Type": "application/x-ndjson"}


def path(caller: Caller) -> str:
    return f"/api/v1/submitters/{caller.submitter.id}/roster?as_of={NOON:%Y-%m-%dT%H:%M:%SZ}"


def put(address: str, caller: Caller, body: bytes | Iterator[bytes]) -> requests.Response:
    return requests.put(address + path(caller), data=body, headers=headers(caller), timeout=60)


def nothing_is_left() -> bool:
    return not Roster.objects.exists() and not RosterLine.objects.exists()


@contextmanager
def connected(address: str, caller: Caller, *lines: str) -> Iterator[socket.socket]:
    """A connection on which the head of a roster's request has been sent, `lines` among it."""
    place = urlsplit(address)
    head = [f"PUT {path(caller)} HTTP/1.1", "Host: localhost", *lines]
    head += [f"{name}: {value}" for name, value in headers(caller).items()]
    with socket.create_connection((place.hostname, place.port), timeout=60) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        yield connection


def answer_of(connection: socket.socket) -> tuple[int, dict[str, object]]:
    """Status and document of the answer, read until the server closes."""
    received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_a_roster_sent_in_chunks_is_applied_by_a_real_worker(
    committed_caller: Caller, tmp_path: Path
) -> None:
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as broker:
        # What another test left would be worked off first.
        broker.flushall()
    lines = [ndjson(*(f"p-{n}" for n in range(start, start + 100))) for start in range(0, 1000, 100)]
    with running_worker(tmp_path / "worker.log"), running_web(tmp_path / "web.log") as address:
        answer = put(address, committed_caller, iter(lines))
        assert (answer.status_code, answer.json()["lines"]) == (202, 1000)
        url = address + answer.json()["url"]

        def is_applied() -> bool:
            seen = requests.get(url, headers=headers(committed_caller), timeout=60)
            return bool(seen.json()["state"] == "applied")

        assert wait_until(is_applied, seconds=60)
    assert Association.objects.filter(dissociated_at=None).count() == 1000


@pytest.mark.parametrize("ends", ["declared too long", "chunk cut", "chunks without end"])
def test_an_upload_that_breaks_off_is_told_so_and_leaves_nothing_behind(
    committed_caller: Caller, tmp_path: Path, ends: str
) -> None:
    body = ndjson(*(f"p-{n}" for n in range(2000)))
    chunk = f"{len(body):x}\r\n".encode() + body
    head, sent = {
        "declared too long": (f"Content-Length: {len(body) + 1}", body),
        "chunk cut": ("Transfer-Encoding: chunked", chunk[:-10]),
        "chunks without end": ("Transfer-Encoding: chunked", chunk + b"\r\n"),
    }[ends]
    log = tmp_path / "web.log"
    with running_web(log) as address:
        with connected(address, committed_caller, head) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            status, document = answer_of(connection)
        assert (status, document["type"]) == (400, "urn:clinical-engine:problem:body-cut-short")
        assert nothing_is_left()
        with connected(address, committed_caller, head) as connection:
            connection.sendall(sent)
        # The one that went away without listening keeps nothing from the next one.
        assert wait_until(lambda: put(address, committed_caller, body).status_code == 202, seconds=60)
    assert Roster.objects.get().lines == 2000
    said = log.read_text(encoding="utf-8")
    assert "p-1" not in said
    assert "Traceback" not in said


def test_a_second_upload_for_the_same_submitter_is_refused_while_the_first_still_comes(
    committed_caller: Caller, tmp_path: Path
) -> None:
    body = ndjson("p-1")
    head = (f"Content-Length: {len(body)}", "Connection: close")
    with running_web(tmp_path / "web.log") as address, connected(address, committed_caller, *head) as first:
        first.sendall(body[:10])
        assert wait_until(is_being_received, seconds=60)
        second = put(address, committed_caller, body)
        first.sendall(body[10:])
        status, document = answer_of(first)
    assert second.status_code == 409
    assert second.json()["type"] == "urn:clinical-engine:problem:roster-under-way"
    assert (status, document["lines"]) == (202, 1)
    assert Roster.objects.get().lines == RosterLine.objects.count() == 1


def is_being_received() -> bool:
    return bool(fetch_all("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"))


def test_a_gigabyte_of_one_line_is_refused_as_soon_as_the_line_is_too_long(
    committed_caller: Caller, tmp_path: Path
) -> None:
    head = f"Content-Length: {1024**3}"
    with (
        running_web(tmp_path / "web.log") as address,
        connected(address, committed_caller, head) as connection,
    ):
        connection.sendall(ndjson("p-1") + b"x" * 1024**2)
        status, document = answer_of(connection)
    assert (status, document["errors"]) == (
        422,
        [{"field": "body", "code": "line_too_long", "message": "Line 2 has more than 4,096 bytes."}],
    )
    assert nothing_is_left()


def test_a_client_that_still_sends_hears_why_its_roster_is_refused(
    committed_caller: Caller, tmp_path: Path
) -> None:
    body = b"nothing" * 10_000 + b"\n" * 20 * 1024**2
    with running_web(tmp_path / "web.log") as address, requests.Session() as session:
        for key in ("no key of ours", committed_caller.key):
            answer = session.put(
                address + path(committed_caller),
                data=body,
                headers={**headers(committed_caller), "Authorization": f"Bearer {key}"},
                timeout=60,
            )
            assert answer.status_code == (422 if key == committed_caller.key else 401)
        assert put(address, committed_caller, ndjson("p-1")).status_code == 202


def test_the_web_process_holds_a_block_of_a_roster_and_never_all_of_it(
    committed_caller: Caller, tmp_path: Path
) -> None:
    lines = 600_000
    blocks = (ndjson(*(f"p-{n}" for n in range(start, start + 1000))) for start in range(0, lines, 1000))
    port = free_port()
    with running_web_at(port, tmp_path / "web.log") as web:
        address = f"http://127.0.0.1:{port}"
        assert put(address, committed_caller, b"nothing\n").status_code == 202
        Roster.objects.update(state=RosterState.CANCELLED)
        [pid] = web.child_pids()
        before = memory_of(pid, "VmRSS")
        assert put(address, committed_caller, blocks).json()["lines"] == lines
        grown = memory_of(pid, "VmHWM") - before
    # The body has forty million bytes.
    assert grown < 20 * 1024**2


def memory_of(pid: int, what: str) -> int:
    """Bytes that a process holds (`VmRSS`), or held at most so far (`VmHWM`)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith(f"{what}:")]
    return int(line.split()[1]) * 1024
