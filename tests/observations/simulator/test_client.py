"""The simulator's HTTP, against a real server that fails now and then."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django import Settings

from observations.simulator import Options, Target, simulate
from observations.simulator.client import Client, NoAnswerError, Traffic
from observations.simulator.options import CannotSimulateError
from tests.ports import free_port


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, statuses: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses, self.bodies = statuses, list[bytes]()

    @property
    def target(self) -> Target:
        return Target(f"http://127.0.0.1:{self.server_port}", "secret", "organisation", "submitter")


class _Handler(BaseHTTPRequestHandler):
    server: Server

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.statuses.pop(0) if len(self.server.statuses) > 1 else self.server.statuses[0]
        if status == 0:
            self.close_connection = True
            return
        body = b'{"outcome": "accepted"}' if status < 500 else b"<html>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving(*statuses: int) -> Iterator[Server]:
    with Server(list(statuses)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_what_gets_no_answer_is_sent_again_with_the_same_content_and_counted() -> None:
    traffic = Traffic()
    with serving(503, 0, 202) as server, Client(server.target, traffic, threading.Event()) as client:
        answer = client.post("activations", {"client_id": "a-1"})
    assert (answer.status, answer.members["outcome"], answer.was_resent) == (202, "accepted", True)
    assert server.bodies == [b'{"client_id":"a-1"}'] * 3
    assert (traffic.requests, traffic.resent) == (3, 2)
    assert traffic.troubles == {"503": 1, "RemoteDisconnected": 1}


def test_an_answer_is_final_whatever_it_says() -> None:
    with serving(422) as server, Client(server.target, Traffic(), threading.Event()) as client:
        assert client.post("activations", {}).status == 422
    assert len(server.bodies) == 1


def test_an_engine_that_never_answers_is_given_up() -> None:
    with (
        serving(503) as server,
        Client(server.target, Traffic(), threading.Event(), patience=0.3) as client,
        pytest.raises(NoAnswerError, match="503"),
    ):
        client.post("activations", {})


def test_a_run_that_was_ended_waits_for_no_answer() -> None:
    ended = threading.Event()
    ended.set()
    with (
        serving(503) as server,
        Client(server.target, Traffic(), ended, patience=60) as client,
        pytest.raises(NoAnswerError),
    ):
        client.post("activations", {})
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("status", "words"), [(401, "the key"), (403, "scopes of the key"), (400, "request")]
)
def test_a_run_does_not_begin_with_what_the_engine_does_not_take(status: int, words: str) -> None:
    with serving(status) as server, pytest.raises(CannotSimulateError, match=words):
        simulate(Options(target=server.target))


def test_a_run_does_not_begin_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("observations.simulator.running._PATIENCE_AT_START", 0.2)
    nowhere = Target(f"http://127.0.0.1:{free_port()}", "secret", "organisation", "submitter")
    with pytest.raises(CannotSimulateError, match="No engine answers"):
        simulate(Options(target=nowhere))


def test_a_run_waits_longer_than_work_that_was_lost_with_a_worker(settings: Settings) -> None:
    settings.JOB_LEASE, settings.SWEEP_INTERVAL = timedelta(seconds=600), timedelta(seconds=30)
    assert Options(target=Target("", "", "", "")).settle_seconds == 655


def test_the_key_is_in_no_text_of_the_target() -> None:
    assert "secret" not in repr(Target("http://127.0.0.1", "secret", "organisation", "submitter"))


@pytest.mark.parametrize("fields", [{"rate": 0}, {"duration": -1}, {"patients": 0}])
def test_a_run_of_nothing_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(CannotSimulateError):
        Options(target=Target("", "", "", ""), **fields)  # type: ignore[arg-type]
