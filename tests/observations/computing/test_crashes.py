"""Real workers that are killed, and connections that are cut, while hundreds of patients are recomputed."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
import redis
from django.conf import settings

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.running.processes import wait_until
from observations.readings import Reading
from patients.services.facts import NewFact
from tests.jobs.killing import QUICK
from tests.jobs.support import lose_worker
from tests.observations.computing.histories import A_STEP, BEGIN, STEPS, FactsSent, Sent, Stated, Worked
from tests.observations.computing.installing import install_family
from tests.observations.computing.reference.version import GLUCOSE, MEAL, TEMPERATURE
from tests.observations.computing.world import World
from tests.observations.scripts.writing import PULSE, WEIGHT
from tests.patients.histories import dice
from tests.workers import EngineProcess, running_scheduler, running_worker

PATIENTS = [f"p-{number:03}" for number in range(200)]
ROUNDS = 4
CONTENTS = (
    (PULSE, Decimal(80), "/min"),
    (WEIGHT, Decimal(180), "[lb_av]"),
    (TEMPERATURE, Decimal(38), "Cel"),
    (GLUCOSE, Decimal(5), "mmol/L"),
    (MEAL, True, None),
)


@pytest.mark.usefixtures("committed_db")
def test_workers_killed_and_connections_cut_in_the_middle_leave_the_results_of_a_plain_computation(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as broker:
        broker.flushall()
    random = dice(request.config.getoption("randomly_seed"))
    world = _world_of_active_patients()
    with (
        running_worker(tmp_path / "worker.log", concurrency=2, environment=QUICK) as engine,
        running_scheduler(tmp_path / "scheduler.log", environment=QUICK),
    ):
        for number, strike in enumerate([_kill, _cut] * (ROUNDS // 2)):
            for step in _some_of_everybody(number, random):
                world.take(step)
            strike(engine)
            # No lease is waited for: whoever held one was struck.
            lose_worker(*Job.objects.filter(state="running").values_list("pk", flat=True))
        assert wait_until(lambda: not Job.objects.exclude(state="succeeded").exists(), seconds=100)
    outcomes = set(Attempt.objects.values_list("outcome", flat=True))
    assert "lost" in outcomes, "no fault struck a batch"
    world.assert_as_expected()
    world.assert_nothing_was_replaced_by_its_like()


def _world_of_active_patients() -> World:
    world = World(install_family())
    for name in PATIENTS:
        world.take(Stated(0, name, 0, BEGIN - A_STEP, f"{name}/first", active=True))
    world.take(Worked("associate"))
    return world


def _some_of_everybody(number: int, random: Random) -> Iterator[Sent | FactsSent]:
    yield FactsSent(
        0, tuple(NewFact(f"{name}/{number}", name, "spo2_scale", number % 2 + 1, BEGIN) for name in PATIENTS)
    )
    readings = [_reading(f"{name}/{number}/{place}", name, random) for name in PATIENTS for place in range(3)]
    random.shuffle(readings)
    for begin in range(0, len(readings), 100):
        yield Sent(0, tuple(readings[begin : begin + 100]))


def _reading(client_id: str, patient: str, random: Random) -> Reading:
    code, value, unit = random.choice(CONTENTS)
    return Reading(client_id, patient, code, value, unit, BEGIN + random.randrange(STEPS) * A_STEP)


def _is_recomputing() -> bool:
    return Job.objects.filter(kind="recompute", state="running").exists()


def _await_recomputing() -> bool:
    """Whether a batch is being recomputed, as soon as one is; False when all was done before anybody looked."""
    assert wait_until(lambda: _is_recomputing() or not _is_anything_left(), seconds=60)
    return _is_recomputing()


def _is_anything_left() -> bool:
    return Job.objects.filter(kind="recompute").exclude(state="succeeded").exists()


def _kill(engine: EngineProcess) -> None:
    """Kill the processes that work, again and again until a batch was struck or none is left."""
    for _ in range(5):
        if not _await_recomputing():
            return
        for pid in engine.child_pids():
            os.kill(pid, signal.SIGKILL)
        if _is_recomputing():
            return


def _cut(engine: EngineProcess) -> None:
    """Cut every connection but this one, while a batch is being worked on."""
    del engine
    _await_recomputing()
    fetch_all(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user"
    )
