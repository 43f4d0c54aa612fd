"""Waiting for readiness ends: with an answer, with the reason it does not come, or when nobody waits any more."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from clinical_engine.running.errors import CannotRunError
from clinical_engine.running.readiness import await_readiness
from tests.ports import free_port


@contextmanager
def answering(status: int, body: str) -> Iterator[int]:
    """The port of a web server that answers every request so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        log_message: Callable[..., None] = staticmethod(lambda *_: None)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_ready_engine_is_recognised() -> None:
    with answering(200, "{}") as port:
        await_readiness(port, lambda: False, seconds=5)


def test_the_probes_that_hold_it_up_are_named_and_the_others_are_not() -> None:
    probes = {
        "sweep": {"ok": False, "critical": True, "message": "never swept"},
        "late": {"ok": False, "critical": False, "message": "some jobs are late"},
        "database": {"ok": True, "critical": True, "message": "answers"},
    }
    with (
        answering(503, json.dumps({"probes": probes})) as port,
        pytest.raises(CannotRunError, match=r"not ready after 0 s; .*: 503 sweep: never swept$"),
    ):
        await_readiness(port, lambda: False, seconds=0.1)


def test_another_answer_is_given_as_it_came() -> None:
    with (
        answering(500, "Server\n Error") as port,
        pytest.raises(CannotRunError, match="500 Server Error"),
    ):
        await_readiness(port, lambda: False, seconds=0.1)


def test_no_answer_is_said_to_be_none() -> None:
    with pytest.raises(CannotRunError, match="no answer"):
        await_readiness(free_port(), lambda: False, seconds=0.1)


def test_nobody_is_waited_for_any_more() -> None:
    await_readiness(free_port(), lambda: True, seconds=60)
