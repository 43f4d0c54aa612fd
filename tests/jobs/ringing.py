"""Rings and accepts activations against the broker of the environment, and prints what it cost as JSON.

A program of its own, since the broker is fixed when the engine starts: `python -m tests.jobs.ringing KEY SUBMITTER`.
"""

import json
import os
import sys
from time import perf_counter
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "clinical_engine.settings"
django.setup()

from django.test import Client  # noqa: E402 - needs the settings

import clinical_engine.celery  # noqa: E402, F401 - the application that rings
from clinical_engine.jobs import rings  # noqa: E402

RINGS = 1000
POSTS = 40


def seconds_of_rings() -> float:
    """How long it takes to ring for many kinds, one ring each."""
    started = perf_counter()
    for number in range(RINGS):
        rings.ring(f"kind-{number}", "nowhere")
    return perf_counter() - started


def seconds_of_posts(key: str, submitter: str) -> list[float]:
    """How long each of some accepted activations takes, the first one, which loads everything, left out."""
    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {key}"})
    seconds = []
    for number in range(POSTS + 1):
        body: dict[str, Any] = {
            "client_id": f"{os.getpid()}-{number}",
            "submitter": submitter,
            "external_id": f"p-{number}",
            "effective_at": "2026-03-01T00:00:00Z",
        }
        started = perf_counter()
        answer = client.post("/api/v1/activations", body, content_type="application/json")
        seconds.append(perf_counter() - started)
        assert answer.status_code == 202, answer.content
    return seconds[1:]


if __name__ == "__main__":
    posts = seconds_of_posts(*sys.argv[1:])
    print(json.dumps({"posts": posts, "rings": seconds_of_rings()}))  # noqa: T201 - its answer
