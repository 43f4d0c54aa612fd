"""The Celery application. Messages only say 'there is work of this kind'; the work itself is in PostgreSQL."""

import os
from typing import Any

from celery import Celery
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
app.autodiscover_tasks(
    ["clinical_engine.api", "clinical_engine.jobs", "clinical_engine.profiling", "observations", "patients"]
)
