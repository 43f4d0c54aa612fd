"""Periodic work about patients."""

from celery import shared_task
from django.db import close_old_connections

from patients.rosters import schedule


@shared_task(name="patients.compare_rosters")
def compare_rosters() -> None:
    """Compare the rosters that are due to be compared again."""
    close_old_connections()
    schedule.compare_what_is_due()
