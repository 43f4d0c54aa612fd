"""Keeping silk's tables bounded."""

from celery import shared_task
from django.db import close_old_connections
from silk.models import Request


@shared_task(name="profiling.collect_garbage")
def collect_garbage() -> None:
    """Delete the oldest recorded requests above the limit; inside requests this can deadlock."""
    close_old_connections()
    Request.garbage_collect(force=True)
