"""A broker that hangs delays nobody."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import pytest

from clinical_engine.running.environment import ROOT
from tests import factories


@contextmanager
def broker_that_never_answers() -> Iterator[str]:
    """The URL of a server that accepts every connection and says nothing."""
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept_for_ever() -> None:
            while True:
                try:
                    accepted.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept_for_ever)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
            assert accepted
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=60)
            for connection in accepted:
                connection.close()


def measure(caller: factories.Caller, **environment: str) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.jobs.ringing", caller.key, str(caller.submitter.id)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        # Who waited for the broker would do so for ten seconds; in a web process it is half a one, as on a busy machine.
        env={**os.environ, "CLINICAL_ENGINE_PROCESS": "worker", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.usefixtures("committed_db")
def test_a_broker_that_accepts_and_never_answers_delays_neither_a_ring_nor_an_accepted_activation() -> None:
    caller = factories.caller()
    normal = measure(caller)
    with broker_that_never_answers() as url:
        hanging = measure(caller, REDIS_URL=url)
    assert isinstance(normal["posts"], list)
    assert isinstance(hanging["posts"], list)
    assert median(hanging["posts"]) < 10 * median(normal["posts"])
    assert max(hanging["posts"]) < 5
    assert isinstance(hanging["rings"], float)
    assert hanging["rings"] < 5
