"""The load: clients that send requests to the real web as the vitals app does, each again and again until it is accepted."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from types import TracebackType
from typing import Self

import requests

from tests.faults.histories import Fact, Request, World, client_id_of

_PATIENCE_SECONDS = 10
_PAUSE_SECONDS = 0.1


class Load:
    """Requests on their way. What got no 2xx is sent again with the same client ids."""

    def __init__(self, address: str, world: World, to_send: Sequence[Request], clients: int) -> None:
        self.total = len(to_send)
        self.answered = 0
        self.resent = 0
        self.accepted: dict[str, Fact] = {}
        """The facts that were answered with a 2xx, by client id."""
        self._address, self._world = f"{address}/api/v1", world
        self._number_of_clients = clients
        self._waiting = iter(to_send)
        self._lock = threading.Lock()
        self._given_up = threading.Event()
        self._threads = ThreadPoolExecutor(clients)
        self._clients: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What has not been accepted by now never is."""
        self._given_up.set()
        self._threads.shutdown()

    def start(self) -> None:
        """Begin to send; again changes nothing."""
        if not self._clients:
            self._clients = [self._threads.submit(self._send_all) for _ in range(self._number_of_clients)]

    def has_reached(self, share: float) -> bool:
        """Whether that share of the requests has been accepted. Fails when a client failed."""
        for client in self._clients:
            if client.done():
                client.result()
        return self.answered >= share * self.total

    def _send_all(self) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {self._world.key}"
            while (request := self._next()) is not None:
                self._send_until_accepted(session, request)

    def _next(self) -> Request | None:
        with self._lock:
            return next(self._waiting, None)

    def _send_until_accepted(self, session: requests.Session, request: Request) -> None:
        while not self._is_accepted(session, request):
            with self._lock:
                self.resent += 1
            if self._given_up.wait(_PAUSE_SECONDS):
                return
        with self._lock:
            self.answered += 1
            self.accepted.update((client_id_of(fact), fact) for fact in request.facts)

    def _is_accepted(self, session: requests.Session, request: Request) -> bool:
        url = f"{self._address}/{request.path}"
        try:
            answer = session.post(url, json=request.body(self._world), timeout=_PATIENCE_SECONDS)
        except requests.RequestException:
            return False
        # Whatever is the server's own trouble passes; a refusal would be a mistake of this suite.
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return False
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.status_code
        return True
