"""Periodic work about measurements."""

from celery import shared_task
from django.db import close_old_connections
from django.utils import timezone

from observations import refused
from observations.importing import looking_after


@shared_task(name="observations.forget_refusals")
def forget_refusals() -> None:
    """Delete counts of refusals that are older than 90 days."""
    close_old_connections()
    refused.forget_old(timezone.now())


@shared_task(name="observations.look_after_imports")
def look_after_imports() -> None:
    """Cancel imports that nobody drives any more, and delete lines that were kept for 30 days."""
    close_old_connections()
    looking_after.cancel_abandoned()
    looking_after.forget_old_lines()
