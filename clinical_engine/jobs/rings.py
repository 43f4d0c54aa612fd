"""The doorbell: after a commit, tell the workers that there is work of a kind. Never delays who rings, may be lost.

A thread of its own talks to Redis, so that a broker that is down or hangs costs a request nothing. Rings for the same kind
that wait are one ring, whichever processes they come from: while the workers are busy one of them stands for all jobs that come
meanwhile. What is lost, by a full buffer or a dead broker, is the sweeper's.
"""

import logging
import os
import threading
from contextlib import suppress
from datetime import timedelta
from functools import cache
from time import monotonic

from celery import current_app
from django.conf import settings
from django.db import transaction
from redis import Redis, RedisError

from clinical_engine.common.logs import describe_error

logger = logging.getLogger(__name__)
Ring = tuple[str, str, bool, int]
# After a failure the broker is left alone this long: each try can take a socket's time-out.
_REST_AFTER_FAILURE_SECONDS = 2.0
# A mark in Redis says that a ring waits to be heard. The mark of one that was lost must not silence the next for long.
_MARKED_FOR = timedelta(seconds=1)


class _Ringer:
    """One process's waiting rings and the thread that publishes them."""

    def __init__(self) -> None:
        self.start_over()

    def start_over(self) -> None:
        """Forget everything. A forked child must: it has no thread, and may have got a lock that nobody will release."""
        # By ring, and whether it is for later: one for now must not be taken for the one that is due in a second.
        self._waiting: dict[tuple[Ring, bool], float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._rest_until = 0.0
        self._rung_at: dict[Ring, float] = {}

    def add(self, ring: Ring, after: float, apart: float = 0.0) -> None:
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._publish_for_ever, name="rings", daemon=True)
                self._thread.start()
            due = max(monotonic() + after, self._rung_at.get(ring, 0.0) + apart)
            key = (ring, after > 0)
            self._waiting[key] = min(due, self._waiting.get(key, due))
            self._changed.notify()

    def _publish_for_ever(self) -> None:
        while True:
            with self._changed:
                while not (rings := self._take_due()):
                    self._changed.wait(self._seconds_to_the_next())
            if monotonic() >= self._rest_until:
                self._publish(rings)

    def _take_due(self) -> list[Ring]:
        now = monotonic()
        due = [key for key, time in self._waiting.items() if time <= now]
        for key in due:
            del self._waiting[key]
            self._rung_at[key[0]] = now
        return list(dict.fromkeys(ring for ring, _ in due))

    def _seconds_to_the_next(self) -> float | None:
        return max(0, min(self._waiting.values()) - monotonic()) if self._waiting else None

    def _publish(self, rings: list[Ring]) -> None:
        for ring in rings:
            kind, queue, _, passed_on = ring
            try:
                if _takes_the_mark(ring):
                    arguments = ring[: 4 if passed_on else 3]
                    current_app.send_task("jobs.work", args=arguments, queue=queue, retry=False)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the thread that rings
                logger.warning("No ring for %s, the sweeper will: %s", kind, describe_error(error))
                self._rest_until = monotonic() + _REST_AFTER_FAILURE_SECONDS
                return


def heard(kind: str, queue: str) -> None:
    """A worker has heard the ring and will claim now: what is committed from here on needs another one."""
    with suppress(RedisError):
        _marks().delete(_mark(kind, queue))


def _takes_the_mark(ring: Ring) -> bool:
    """Whether no other ring for the same waits to be heard. Those for suspects and those passed on are few: each is published."""
    kind, queue, suspects, passed_on = ring
    return bool(suspects or passed_on or _marks().set(_mark(kind, queue), 1, nx=True, px=_MARKED_FOR))


def _mark(kind: str, queue: str) -> str:
    return f"rung:{queue}:{kind}"


@cache
def _marks() -> Redis:
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    timeouts = {name: options[name] for name in ("socket_timeout", "socket_connect_timeout")}
    return Redis.from_url(settings.REDIS_URL, retry=None, **timeouts)


_ringer = _Ringer()
os.register_at_fork(after_in_child=_ringer.start_over)


def ring(
    kind: str, queue: str, *, suspects: bool = False, passed_on: int = 0, after: timedelta = timedelta(0)
) -> None:
    """Say, after a while, that jobs of `kind` wait in `queue`; `suspects` for those whose worker was lost.

    `passed_on` is by how many workers it has been heard already that could not read the jobs.
    """
    _ringer.add((kind, queue, suspects, passed_on), after.total_seconds())


def ring_on_commit(kind: str, queue: str, *, apart: timedelta = timedelta(0)) -> None:
    """Say so once the current transaction has been committed; by then so long `apart` from when this process said it last."""
    transaction.on_commit(lambda: _ringer.add((kind, queue, False, 0), 0.0, apart.total_seconds()))
