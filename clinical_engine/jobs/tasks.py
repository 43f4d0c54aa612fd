"""The Celery side of the ledger: a message carries no work, it rings for it."""

from celery import shared_task
from django.db import close_old_connections

from clinical_engine.jobs import groups, rings, sweeper, worker


@shared_task(name="jobs.work")
def work(kind: str, queue: str, suspects: bool = False, passed_on: int = 0) -> None:  # noqa: FBT001, FBT002 - a message's arguments
    """Work off the due jobs of a kind."""
    close_old_connections()
    rings.heard(kind, queue)
    worker.work(kind, queue, suspects=suspects, passed_on=passed_on)


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Bring back what was lost."""
    close_old_connections()
    sweeper.sweep()


@shared_task(name="jobs.count_failures")
def count_failures() -> None:
    """Count failed work by cause, when it is too much to be counted for each look at it."""
    close_old_connections()
    groups.count_anew()
