"""The Celery application. Messages only say 'there is work of this kind'; the work itself is in PostgreSQL."""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from django.conf import settings
from kombu.transport import redis as redis_transport
from kombu.transport import virtual
from redis.exceptions import RedisError, ResponseError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinical_engine.settings")


# AttributeError is how kombu says that the channel was closed meanwhile.
_NOT_TOLD = (RedisError, AttributeError)


class _ForgetfulQoS(redis_transport.QoS):
    """Counts a ring as heard although Redis cannot be told so. At worst it comes again, or is lost, which is the sweeper's.

    Kombu's own ends the worker for good, or keeps the ring among the unacknowledged: after as many of them as it has processes
    a worker hears nothing more.
    """

    def append(self, message: Any, delivery_tag: str) -> None:  # noqa: ANN401 - kombu's
        try:
            super().append(message, delivery_tag)
        except ResponseError:
            # A full Redis notes nothing.
            virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except _NOT_TOLD:
            virtual.QoS.ack(self, delivery_tag)

    def restore_unacked(self, client: Any = None) -> None:  # noqa: ANN401 - kombu's
        try:
            super().restore_unacked(client)
        except _NOT_TOLD:
            if self._delivered:
                self._delivered.clear()


redis_transport.Channel.QoS = _ForgetfulQoS
app = Celery("clinical_engine")
app.config_from_object("django.conf:settings", namespace="CELERY")


def _periodically(task: str, every: timedelta) -> dict[str, object]:
    # No expiry: the worker's clock would judge it, and one an hour ahead threw every sweep away. What an hour without workers
    # piles up is swept in seconds.
    return {"task": task, "schedule": every, "options": {"queue": "sweeps"}}


@app.on_after_configure.connect
def _schedule(sender: Celery, **_: object) -> None:
    # Not before the settings are asked for: whoever starts an engine loads this module without them.
    sender.conf.beat_schedule = {
        "sweep": _periodically("jobs.sweep", settings.SWEEP_INTERVAL),
        "count-failures": _periodically("jobs.count_failures", timedelta(seconds=15)),
        "look-after-rosters": _periodically("patients.look_after_rosters", timedelta(seconds=15)),
        "look-after-imports": _periodically("observations.look_after_imports", timedelta(minutes=5)),
        "forget-refusals": _periodically("observations.forget_refusals", timedelta(hours=1)),
        "prune-answers": _periodically("api.prune_answers", timedelta(minutes=10)),
        "roll-up-statements": _periodically("profiling.roll_up", timedelta(minutes=1)),
        "estimate-growth": _periodically("profiling.estimate_growth", timedelta(minutes=10)),
        "age-statements": _periodically("profiling.age", timedelta(hours=6)),
        "collect-silk-garbage": _periodically("profiling.collect_garbage", timedelta(minutes=10)),
    }


app.autodiscover_tasks(
    ["clinical_engine.api", "clinical_engine.jobs", "clinical_engine.profiling", "observations", "patients"]
)
