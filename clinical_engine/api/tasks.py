"""Periodic work of the API."""

from celery import shared_task
from django.db import close_old_connections

from clinical_engine.api.idempotency.pruning import prune


@shared_task(name="api.prune_answers")
def prune_answers() -> None:
    """Delete the answers that are kept for requests with an `Idempotency-Key` and have expired."""
    close_old_connections()
    prune()
