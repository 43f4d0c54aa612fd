"""HTTP as the vitals app speaks it: what gets no answer is sent again with the same content."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import msgspec

from observations.simulator.options import Target

_TIMEOUT = 10.0
# Servers close what is idle, gunicorn after two seconds: a request that meets this looks like one whose answer was lost.
_IDLE = 1.0
# What passes by itself. A 500 is an answer, and a wrong one.
_PASSING = {429, 502, 503, 504}
_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.decode


class NoAnswerError(Exception):
    """The engine gave no answer to a request for as long as was to be waited, or the run was ended."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request, and whether the request had to be sent more than once."""

    status: int
    body: Any
    was_resent: bool

    @property
    def members(self) -> Mapping[str, Any]:
        """The members of its JSON object; none when it is something else."""
        return self.body if isinstance(self.body, dict) else {}


@dataclass(slots=True)
class Traffic:
    """What went over the line, of all clients together."""

    requests: int = 0
    resent: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    """How many times a request got no answer, by the class of the error or the status."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, trouble: str | None, *, again: bool) -> None:
        """Count a request that was sent."""
        with self.lock:
            self.requests += 1
            self.resent += again
            if trouble is not None:
                self.troubles[trouble] += 1


class Client:
    """One connection to the engine. For one thread; as a context manager it is closed."""

    def __init__(
        self, target: Target, traffic: Traffic, ended: threading.Event, patience: float = _TIMEOUT
    ) -> None:
        address = urlsplit(target.url)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        # The standard library's client: `requests` takes five times the CPU, which the engine lacks on the same machine.
        self._connection = kind(address.hostname or "", address.port, timeout=_TIMEOUT)
        self._path = f"{address.path.rstrip('/')}/api/v1/"
        self._headers = {"Authorization": f"Bearer {target.key}", "Content-Type": "application/json"}
        self._traffic, self._ended, self._patience = traffic, ended, patience
        self._used_at = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def get(self, path: str, **parameters: str | int) -> Answer:
        """Ask for something. Raises NoAnswerError."""
        return self._ask("GET", f"{path}?{urlencode(parameters)}" if parameters else path, None)

    def post(self, path: str, body: object) -> Answer:
        """Say something. Raises NoAnswerError."""
        return self._ask("POST", path, _encode(body))

    def _ask(self, method: str, path: str, body: bytes | None) -> Answer:
        deadline = monotonic() + self._patience
        pause, again = _PAUSE, False
        while True:
            status, text, trouble = self._once(method, path, body)
            self._traffic.note(trouble, again=again)
            if trouble is None:
                return Answer(status, _read(text), again)
            if monotonic() + pause > deadline or self._ended.wait(pause):
                raise NoAnswerError(trouble)
            pause, again = min(2 * pause, _LONGEST_PAUSE), True

    def _once(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes, str | None]:
        """Status, text, and what was in the way of an answer."""
        try:
            if monotonic() - self._used_at > _IDLE:
                self._connection.close()
            self._connection.request(method, self._path + path, body, self._headers)
            answer = self._connection.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, HTTPException) as error:
            self._connection.close()
            return 0, b"", type(error).__name__
        self._used_at = monotonic()
        return status, text, str(status) if status in _PASSING else None


def _read(text: bytes) -> Any:  # noqa: ANN401 - whatever JSON says
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
