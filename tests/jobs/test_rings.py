"""The doorbell: it never delays who rings, may be lost, and works again after whatever happened to it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
import redis
from billiard import Process
from django.conf import settings
from django.db import transaction

import clinical_engine.celery  # noqa: F401 - the application that rings
from clinical_engine.jobs import rings, tasks
from clinical_engine.jobs.registry import Handled
from clinical_engine.running.environment import ROOT
from clinical_engine.running.processes import wait_until
from clinical_engine.running.redis_server import RedisServer
from tests.jobs.support import RegisterKind, enqueue, succeed

QUEUE = "of-these-tests"
# Long enough for a slow machine to look before it is over.
LATER = timedelta(seconds=3)


@pytest.fixture
def queue() -> Iterator["redis.Redis"]:
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
        # With the marks of what was rung for and nobody heard.
        client.flushdb()
        yield client
        client.flushdb()


def rung(client: "redis.Redis", queue: str = QUEUE) -> list[str]:
    """What has been rung for, the latest first."""
    messages: list[bytes] = client.lrange(queue, 0, -1)  # type: ignore[assignment]
    return [json.loads(message)["headers"]["argsrepr"] for message in messages]


def test_a_ring_carries_kind_and_queue_and_nothing_of_a_job(queue: "redis.Redis") -> None:
    rings.ring("associate", QUEUE)
    assert wait_until(lambda: len(rung(queue)) == 1, seconds=60)
    assert rung(queue) == [f"('associate', '{QUEUE}', False)"]


@pytest.mark.usefixtures("committed_db")
def test_a_job_rings_after_its_commit_and_not_before(new_kind: RegisterKind, queue: "redis.Redis") -> None:
    kind = new_kind(succeed, queue=QUEUE)
    with transaction.atomic():
        enqueue(kind, 1)
        # A ring of its own that came later and is there shows that the other one has not been rung.
        rings.ring("after", QUEUE)
        assert wait_until(lambda: bool(rung(queue)), seconds=60)
        assert rung(queue) == [f"('after', '{QUEUE}', False)"]
    assert wait_until(lambda: len(rung(queue)) == 2, seconds=60)


@pytest.mark.usefixtures("committed_db")
def test_a_job_that_was_rolled_back_rings_for_nobody(new_kind: RegisterKind, queue: "redis.Redis") -> None:
    kind = new_kind(succeed, queue=QUEUE)
    with transaction.atomic():
        enqueue(kind, 1)
        transaction.set_rollback(True)
    rings.ring("after", QUEUE)
    assert wait_until(lambda: bool(rung(queue)), seconds=60)
    assert rung(queue) == [f"('after', '{QUEUE}', False)"]


def test_a_ring_for_later_comes_when_its_time_has_come_and_holds_no_other_up(queue: "redis.Redis") -> None:
    started = monotonic()
    rings.ring("later", QUEUE, after=LATER)
    rings.ring("now", QUEUE)
    assert wait_until(lambda: bool(rung(queue)), seconds=60)
    assert rung(queue) == [f"('now', '{QUEUE}', False)"]
    assert wait_until(lambda: len(rung(queue)) == 2, seconds=60)
    assert monotonic() - started >= LATER.total_seconds()


def test_a_ring_for_now_and_one_for_later_are_two(queue: "redis.Redis") -> None:
    rings.ring("both", QUEUE, after=LATER)
    rings.ring("both", QUEUE)
    assert wait_until(lambda: rung(queue) == [f"('both', '{QUEUE}', False)"], seconds=60)
    assert wait_until(lambda: rung(queue) == [f"('both', '{QUEUE}', False)"] * 2, seconds=60)


@pytest.mark.usefixtures("committed_db")
def test_a_long_job_rings_for_its_next_slice(new_kind: RegisterKind, queue: "redis.Redis") -> None:
    kind = new_kind(lambda batch: Handled(continued={job.id: 1 for job in batch}), queue=QUEUE)
    enqueue(kind, 1)
    assert wait_until(lambda: len(rung(queue)) == 1, seconds=60)
    tasks.work(kind.name, QUEUE)
    assert wait_until(lambda: len(rung(queue)) == 2, seconds=60)


def test_rings_for_one_kind_that_wait_are_one_ring(queue: "redis.Redis") -> None:
    for _ in range(5000):
        rings.ring("often", QUEUE)
    rings.ring("last", QUEUE)
    assert wait_until(lambda: any("last" in each for each in rung(queue)), seconds=60)
    assert len(rung(queue)) < 1000


def mark(kind: str, queue: str = QUEUE) -> str:
    return f"rung:{queue}:{kind}"


def test_a_ring_that_nobody_has_heard_stands_for_those_of_all_processes(
    queue: "redis.Redis", tmp_path: Path
) -> None:
    rings.ring("often", "default")
    assert wait_until(lambda: len(rung(queue, "default")) == 1, seconds=60)
    # For as long as the other process takes to start.
    queue.set(mark("often", "default"), 1)
    with running_ringer(settings.REDIS_URL, tmp_path / "ringer.log") as ring:
        ring("often")
        ring("last")
        assert wait_until(lambda: len(rung(queue, "default")) > 1, seconds=60)
    assert rung(queue, "default") == ["('last', 'default', False)", "('often', 'default', False)"]


def test_a_ring_that_was_lost_stands_for_the_others_for_a_second_only(queue: "redis.Redis") -> None:
    rings.ring("lost", QUEUE)
    assert wait_until(lambda: len(rung(queue)) == 1, seconds=60)
    # In milliseconds; -2 when it has lapsed already, -1 would be never.
    assert queue.pttl(mark("lost")) in {-2, *range(1001)}
    queue.delete(QUEUE)

    def arrives() -> bool:
        rings.ring("lost", QUEUE)
        return bool(rung(queue))

    assert wait_until(arrives, seconds=60)


@pytest.mark.usefixtures("committed_db")
def test_a_worker_hears_a_ring_before_it_claims_so_that_the_next_job_rings(
    new_kind: RegisterKind, queue: "redis.Redis"
) -> None:
    marked: list[object] = []
    kind = new_kind(lambda _: marked.append(queue.exists(mark(kind.name))), queue=QUEUE)
    enqueue(kind, 1)
    assert wait_until(lambda: len(rung(queue)) == 1, seconds=60)
    queue.set(mark(kind.name), 1)
    tasks.work(kind.name, QUEUE)
    assert marked == [0]
    enqueue(kind, 2)
    assert wait_until(lambda: len(rung(queue)) == 2, seconds=60)


def test_rings_for_suspects_and_those_that_are_passed_on_are_always_rung(queue: "redis.Redis") -> None:
    rings.ring("kind", QUEUE)
    assert wait_until(lambda: len(rung(queue)) == 1, seconds=60)
    queue.set(mark("kind"), 1)
    rings.ring("kind", QUEUE, suspects=True)
    rings.ring("kind", QUEUE, passed_on=1)
    assert wait_until(lambda: len(rung(queue)) == 3, seconds=60)


@pytest.mark.usefixtures("committed_db")
def test_rings_that_come_apart_come_at_once_and_then_together_when_their_time_has_come(
    queue: "redis.Redis",
) -> None:
    started = monotonic()
    for _ in range(3):
        rings.ring_on_commit("apart", QUEUE, apart=LATER)
        assert wait_until(lambda: bool(rung(queue)), seconds=60)
    assert monotonic() - started < LATER.total_seconds()
    assert len(rung(queue)) == 1
    assert wait_until(lambda: len(rung(queue)) == 2, seconds=60)
    assert monotonic() - started >= LATER.total_seconds()
    rings.ring("last", QUEUE)
    assert wait_until(lambda: len(rung(queue)) == 3, seconds=60)


def test_a_forked_child_rings_by_a_thread_of_its_own_even_if_its_parent_was_ringing(
    queue: "redis.Redis",
) -> None:
    rings.ring("parent", QUEUE)
    assert wait_until(lambda: len(rung(queue)) == 1, seconds=60)
    # The worst moment: another thread of the parent holds the lock, and none of the child's would ever give it back.
    with rings._ringer._changed:
        child = Process(target=_ring_and_wait)
        child.start()
    child.join(60)
    assert child.exitcode == 0
    assert [each.split("'")[1] for each in rung(queue)] == ["child", "parent"]


def _ring_and_wait() -> None:
    rings.ring("child", QUEUE)
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
        there = wait_until(lambda: any("child" in each for each in rung(client)), seconds=60)
    # Without pytest's and the servers' own endings, which are the parent's.
    os._exit(0 if there else 1)


RINGER = """
import sys, django
django.setup()
import clinical_engine.celery
from clinical_engine.jobs import rings
for line in sys.stdin:
    rings.ring(line.strip(), "default")
"""


@contextmanager
def running_ringer(broker: str, log: Path) -> Iterator[Callable[[str], None]]:
    """A process that rings, by that broker, for each kind that the function is called with."""
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-c", RINGER],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinical_engine.settings", "REDIS_URL": broker},
            stdin=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):

        def ring(kind: str) -> None:
            print(kind, file=process.stdin, flush=True)

        yield ring


def test_the_bell_rings_again_soon_after_the_broker_is_back(tmp_path: Path) -> None:
    log = tmp_path / "ringer.log"
    with RedisServer(tmp_path) as server, running_ringer(server.url(), log) as ring:

        def arrives(kind: str) -> bool:
            ring(kind)
            with closing(redis.Redis.from_url(server.url())) as client:
                return any(kind in each for each in rung(client, "default"))

        assert wait_until(lambda: arrives("first"), seconds=60)
        server.kill()
        ring("lost")
        assert wait_until(lambda: "No ring for" in log.read_text(), seconds=60)
        server.start()
        assert wait_until(lambda: arrives("again"), seconds=30)
