"""From accepted to linked, and from accepted to observation current, through real processes on an idle system."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import psycopg2
import requests
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from tests import factories
from tests.benchmarks.results import Metric, measured, percentile
from tests.benchmarks.services import running_services, wait

REPEATS = int(os.environ.get("BENCH_REPEATS", "500"))
WARM_UP = 20


def run() -> list[Metric]:
    """Four latencies in ms, each beside the raw one: two committed single-row INSERTs by psycopg2, interleaved."""
    install_library(scripts=[GLUCOSE_7D])
    caller = factories.caller()
    with running_engine() as address:
        bench = _Bench(address, caller)
        links: list[float] = []
        observations: list[float] = []
        raw: list[float] = []
        for number in tqdm(range(WARM_UP + REPEATS), desc="latency", mininterval=1):
            figures = bench.link(number), bench.observe(number), bench.raw(number)
            if number >= WARM_UP:
                for series, figure in zip((links, observations, raw), figures, strict=True):
                    series.append(figure)
    return [
        measured(f"{what}, p{share}", percentile(series, share / 100), percentile(raw, share / 100))
        for what, series in (
            ("activation accepted -> patient linked", links),
            ("measurement accepted -> observation current", observations),
        )
        for share in (50, 99)
    ]


@contextmanager
def running_engine() -> Iterator[str]:
    """Web, workers and scheduler as `make run` starts them, on a free port; gives the address once it is ready."""
    # As production does: silk records a small share of the requests.
    with running_services(
        {"web", "worker", "reruns", "scheduler"}, environment={"PROFILED_SHARE": "0.01"}
    ) as port:
        address = f"http://127.0.0.1:{port}"
        wait(lambda: _answers(f"{address}/health/ready"), 60)
        yield address


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).status_code == 200
    except (requests.ConnectionError, requests.Timeout):
        return False


class _Bench:
    """One caller on a keep-alive connection, and one psycopg2 connection that watches and sets the raw figure."""

    def __init__(self, address: str, caller: factories.Caller) -> None:
        self._address, self._caller = address, caller
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {caller.key}"
        self._database = _connect()

    def link(self, number: int) -> float:
        """Milliseconds from the 202 of an activation to the association."""
        body = {
            "client_id": f"bench-{number}",
            "submitter": str(self._caller.submitter.id),
            "external_id": f"bench-{number}",
            "effective_at": (datetime.now(UTC) - timedelta(days=30)).isoformat(),
        }
        patient = self._post("activations", body)["patient"]
        return self._until("SELECT 1 FROM patients_association WHERE patient_id = %s", patient)

    def observe(self, number: int) -> float:
        """Milliseconds from the 202 of a measurement to its current observation."""
        reading = {
            "client_id": f"bench-{number}",
            "external_id": f"bench-{number}",
            "code": "2339-0",
            "value": 100,
            "unit": "mg/dL",
            "measured_at": datetime.now(UTC).isoformat(),
        }
        body = {"organisation": str(self._caller.organisation.id), "measurements": [reading]}
        measurement = self._post("measurements", body)["results"][0]["measurement"]
        return self._until(
            "SELECT 1 FROM observations_observation JOIN observations_measurement m USING (patient_id)"
            " WHERE m.id = %s AND as_of = m.measured_at AND superseded_at IS NULL",
            measurement,
        )

    def raw(self, number: int) -> float:
        """Milliseconds of two committed single-row INSERTs: the least that accepting and then doing can cost."""
        started = perf_counter()
        for part in ("accepted", "done"):
            self._execute("INSERT INTO jobs_periodicrun VALUES (%s, now())", f"raw-{part}-{number}")
        return (perf_counter() - started) * 1000

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        response = self._http.post(f"{self._address}/api/v1/{path}", json=body, timeout=30)
        response.raise_for_status()
        return response.json()

    def _until(self, sql: str, parameter: str) -> float:
        accepted = perf_counter()
        wait(lambda: self._execute(sql, parameter) > 0, 30)
        return (perf_counter() - accepted) * 1000

    def _execute(self, sql: str, parameter: str) -> int:
        with self._database.cursor() as cursor:
            cursor.execute(sql, [parameter])
            return cursor.rowcount


def _connect() -> Connection:
    """A connection of plain psycopg2, none of Django's between."""
    database = psycopg2.connect(os.environ["DATABASE_URL"])
    database.autocommit = True
    return database
