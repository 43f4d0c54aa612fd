"""The capture in real web and worker processes."""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest
import requests

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.profiling.capture import units, writing
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.models import Caller, CapturedBatch, CapturedStatement
from clinical_engine.running.checks import HOST
from patients.models import Association
from tests import factories
from tests.api.bodies import post, statement
from tests.api.contract import client_of
from tests.patients.concurrency import Threads, wait_until
from tests.ports import free_port
from tests.profiling.capture.support import nobody_is_connected
from tests.workers import running_web, running_web_at, running_worker

OFTEN = {"CAPTURE_EVERY_SECONDS": "0.5"}
AT_THE_END = {"CAPTURE_EVERY_SECONDS": "3600"}


@pytest.fixture
def caller(committed_db: None) -> Iterator[factories.Caller]:
    """An API client whose data other processes see. What this process sends is not counted meanwhile."""
    made = factories.caller()
    before = units.capture_into(None)
    yield made
    units.capture_into(before)


def _headers(caller: factories.Caller) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {caller.key}"}


def _activate(url: str, caller: factories.Caller) -> None:
    body: Any = statement(caller)
    answer = requests.post(f"{url}/api/v1/activations", json=body, headers=_headers(caller), timeout=60)
    assert answer.status_code == 202, answer.text


def _origins() -> set[str]:
    roll_up()
    return set(Caller.objects.values_list("origin", flat=True))


def _are_told(*beginnings: str) -> bool:
    origins = _origins()
    return all(any(origin.startswith(one) for origin in origins) for one in beginnings)


def test_web_and_worker_write_what_they_send_with_what_it_was_for(
    caller: factories.Caller, tmp_path: Path
) -> None:
    with (
        running_web(tmp_path / "web.log", environment=OFTEN) as url,
        running_worker(tmp_path / "worker.log", environment=OFTEN),
    ):
        _activate(url, caller)
        wait_until(Association.objects.exists)
        wait_until(lambda: _are_told("POST /api/v1/activations", "job associate", "task jobs."))
    places = set(Caller.objects.exclude(place="").values_list("place", flat=True))
    assert not [place for place in places if place.startswith(("/", "clinical_engine/common/database.py"))]
    assert not [origin for origin in _origins() if caller.key in origin]
    wait_until(nobody_is_connected)


def test_web_and_worker_write_what_is_left_when_they_end(caller: factories.Caller, tmp_path: Path) -> None:
    port = free_port()
    with (
        running_worker(tmp_path / "worker.log", environment=AT_THE_END) as worker,
        running_web_at(port, tmp_path / "web.log", environment=AT_THE_END) as web,
    ):
        _activate(f"http://{HOST}:{port}", caller)
        wait_until(Association.objects.exists)
        web.finish()
        worker.finish()
        assert "POST /api/v1/activations" in _origins()
    assert "job associate" in _origins()
    wait_until(nobody_is_connected)


def _is_answered(caller: factories.Caller) -> bool:
    """Within two seconds, as ever."""
    begun = monotonic()
    body = {"organisation": str(caller.organisation.pk), "external_id": "p-1"}
    assert post(client_of(caller), "patients/lookup", body).status_code == 404
    writing.flush()
    return monotonic() - begun < 2


def test_the_api_answers_while_its_process_sends_a_thousand_distinct_statements_a_second(
    committed_db: None,
) -> None:
    caller = factories.caller()
    # What tests before this one have left in this process.
    writing.flush()
    CapturedBatch.objects.all().delete()
    over, sent = Event(), count()

    def flood() -> None:
        while not over.is_set():
            number = next(sent)
            execute(f"SELECT 1 AS flood_of_{number}x, 2 AS c{number}")

    with Threads(1) as threads:
        threads.start(flood)
        try:
            wait_until(lambda: _is_answered(caller) and next(sent) > 3_000)
        finally:
            over.set()
    writing.flush()
    sizes = fetch_all("SELECT octet_length(content) FROM profiling_capturedbatch")
    assert max(size for (size,) in sizes) < 500_000
    roll_up()
    assert CapturedStatement.objects.count() < 300 * len(sizes) + 50
