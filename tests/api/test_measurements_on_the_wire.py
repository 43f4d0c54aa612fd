"""Measurements as they come over the wire: far too many bytes, and what that costs the web process."""

import gzip
from pathlib import Path

import requests

from observations.models import Measurement
from tests.api.bodies import reading, readings
from tests.api.test_rosters_on_the_wire import memory_of
from tests.factories import Caller
from tests.ports import free_port
from tests.workers import running_web_at

MEGABYTE = 1024**2


def test_a_body_of_a_hundred_megabytes_is_refused_and_costs_no_memory(
    committed_caller: Caller, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/api/v1/measurements"
    headers = {"Authorization": f"Bearer {committed_caller.key}", "Content-Type": "application/json"}

    def send(body: bytes, **more: str) -> requests.Response:
        return requests.post(url, data=body, headers={**headers, **more}, timeout=60)

    with running_web_at(port, tmp_path / "web.log") as web:
        good = requests.post(
            url, json=readings(committed_caller, reading("m-1")), headers=headers, timeout=60
        )
        assert good.status_code == 202
        [pid] = web.child_pids()
        before = memory_of(pid, "VmRSS")
        for body in (b" " * 100 * MEGABYTE, b"[" * 30 * MEGABYTE, b"1," * 15 * MEGABYTE):
            answer = send(body)
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (413, "body-too-large")
        bomb = send(gzip.compress(b" " * 100 * MEGABYTE), **{"Content-Encoding": "gzip"})
        assert [error["code"] for error in bomb.json()["errors"]] == ["compressed"]
        grown = memory_of(pid, "VmHWM") - before
        good = requests.post(
            url, json=readings(committed_caller, reading("m-2")), headers=headers, timeout=60
        )
        assert good.status_code == 202
    assert grown < 20 * MEGABYTE
    assert Measurement.objects.count() == 2
