"""The engine's processes on a database of the benchmark's own, and one API client of it."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.utils import timezone
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from redis import Redis

from patients.models.rosters import MOVING
from tests import factories
from tests.benchmarks.association.populations import leave_alone
from tests.benchmarks.ledger.databases import as_owner, create, environment_of, working_on
from tests.benchmarks.services import running_services, wait

_READY_SECONDS = 60
_DEADLINE_SECONDS = 300


@contextmanager
def running(database: str, services: Collection[str]) -> Iterator["Engine"]:
    """The named services on a fresh database of that name, once they answer; no scheduler, so that nothing periodic interferes."""
    create(database)
    # Rings that an earlier part left unheard would keep the workers from this one's work.
    Redis.from_url(settings.REDIS_URL).flushall()
    with working_on(database):
        caller = factories.caller()
    # As production does: silk records a small share of the requests.
    environment = {**environment_of(database), "PROFILED_SHARE": "0.01"}
    with (
        as_owner(database) as owner,
        running_services(services, environment=environment, log=f"{database}.log") as port,
    ):
        leave_alone(owner)
        engine = Engine(database, f"http://127.0.0.1:{port}", caller, owner)
        wait(engine.is_ready, _READY_SECONDS, poll_seconds=0.05)
        yield engine


class Engine:
    """One API client on a keep-alive connection, and the owner's connection to look and to clear up with."""

    def __init__(self, database: str, address: str, caller: factories.Caller, owner: Connection) -> None:
        self.database, self.caller, self.owner = database, caller, owner
        self.address = address
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {caller.key}"

    def another_client(self) -> "Engine":
        """The same with a connection of its own, for a thread."""
        return Engine(self.database, self.address, self.caller, self.owner)

    def is_ready(self) -> bool:
        """Whether the web answers."""
        try:
            return self._http.get(f"{self.address}/health/live", timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    def post(self, path: str, body: bytes) -> Any:
        """What is answered to a JSON body. Raises HTTPError for a refusal."""
        headers = {"Content-Type": "application/json"}
        response = self._http.post(
            f"{self.address}/api/v1/{path}", data=body, headers=headers, timeout=_DEADLINE_SECONDS
        )
        response.raise_for_status()
        return response.json()

    def connection(self) -> HTTPConnection:
        """A bare keep-alive connection: its own share of a request is a tenth of a session's."""
        return HTTPConnection(self.address.removeprefix("http://"), timeout=_DEADLINE_SECONDS)

    def put_roster(self, file: Path) -> str:
        """Send a roster as of now; its id. Raises HTTPError for a refusal."""
        url = f"{self.address}/api/v1/submitters/{self.caller.submitter.pk}/roster"
        with file.open("rb") as body:
            response = self._http.put(
                url,
                params={"as_of": timezone.now().isoformat()},
                data=body,
                headers={"Content-Type": "application/x-ndjson"},
                timeout=_DEADLINE_SECONDS,
            )
        response.raise_for_status()
        return str(response.json()["roster"])

    def wait_for(self, roster: str, *states: str) -> None:
        """Return once the roster is in one of the states. Raises RuntimeError when it comes to rest in another one."""
        self._wait(lambda: self._state_of(roster) not in MOVING)
        if (state := self._state_of(roster)) not in states:
            raise RuntimeError(f"The roster is {state}.")

    def _state_of(self, roster: str) -> str:
        return str(self.asked("SELECT state FROM patients_roster WHERE id = %s", roster))

    def wait_until_idle(self, *, jobs: int = 0) -> None:
        """Return once no more than so many jobs are left to do. Raises TimeoutError when there always are."""
        unfinished = "SELECT count(*) FROM jobs_job WHERE state IN ('available', 'retryable', 'running')"
        self._wait(lambda: self.asked(unfinished) <= jobs)

    def _wait(self, condition: Callable[[], bool]) -> None:
        # Often enough for times of seconds, seldom enough to cost the engine nothing.
        wait(condition, _DEADLINE_SECONDS, poll_seconds=0.02)

    def asked(self, sql: str, *values: str) -> Any:
        """The one value that a query gives."""
        with self.owner.cursor() as cursor:
            cursor.execute(sql, values)
            [(value,)] = cursor.fetchall()
        return value

    @property
    def folder(self) -> Path:
        """Where files of this run may lie."""
        path = Path(settings.VAR_DIR) / self.database
        path.mkdir(exist_ok=True)
        return path
