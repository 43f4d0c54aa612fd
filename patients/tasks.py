"""Periodic work about patients."""

from celery import shared_task
from django.db import close_old_connections

from patients.rosters import schedule


@shared_task(name="patients.look_after_rosters")
def look_after_rosters() -> None:
    """Look after rosters: cancel those that nobody drives any more, and compare those that are due to be compared again."""
    close_old_connections()
    schedule.cancel_abandoned()
    schedule.compare_what_is_due()
