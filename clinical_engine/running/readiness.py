"""Asks the web process whether the whole engine is ready."""

import http.client
import json
import time
from collections.abc import Callable

from clinical_engine.running.checks import HOST
from clinical_engine.running.errors import CannotRunError

PATH = "/health/ready"
SECONDS = 180
POLL_SECONDS = 0.5


def await_readiness(port: int, given_up: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Return when `/health/ready` answers 200, or when `given_up`.

    Raises CannotRunError, with the text of the last answer, when that takes longer than `seconds`.
    """
    deadline = time.monotonic() + seconds
    answer = "no answer"
    while time.monotonic() < deadline and not given_up():
        ready, answer = _ask(port)
        if ready:
            return
        time.sleep(POLL_SECONDS)
    if not given_up():
        raise CannotRunError(f"The engine was not ready after {seconds:.0f} s; {PATH} says: {answer}")


def _ask(port: int) -> tuple[bool, str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", PATH, headers={"Accept": "application/json"})
        response = connection.getresponse()
        text = response.read().decode("utf-8", errors="replace")
    except OSError as error:
        return False, f"no answer ({error})"
    finally:
        connection.close()
    return response.status == http.client.OK, f"{response.status} {_compact(text)}"


def _compact(text: str) -> str:
    """The messages of the probes that hold readiness up, else the text as it came."""
    try:
        probes = json.loads(text)["probes"]
        waiting = [
            f"{name}: {probe['message']}"
            for name, probe in probes.items()
            if probe["critical"] and not probe["ok"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        waiting = []
    return "; ".join(waiting) or " ".join(text.split())[:2000]
