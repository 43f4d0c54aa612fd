"""Periodic work: what was captured is taken in and judged, and silk's tables are kept bounded."""

from datetime import timedelta

from celery import shared_task
from django.db import close_old_connections

from clinical_engine.common.database import database_now
from clinical_engine.profiling.capture.clocks import latest_true
from clinical_engine.profiling.capture.rollup import roll_up as take_in
from clinical_engine.profiling.estimating.ageing import age as put_together
from clinical_engine.profiling.estimating.drivers import record_drivers
from clinical_engine.profiling.estimating.driving import estimate_due
from clinical_engine.profiling.silk.forgetting import forget_the_oldest

# Well within the soft time limit; the next run goes on.
_PATIENCE = timedelta(seconds=15)


@shared_task(name="profiling.roll_up")
def roll_up() -> None:
    """Take in what processes have written of their statements."""
    close_old_connections()
    take_in()


@shared_task(name="profiling.estimate_growth")
def estimate_growth() -> None:
    """Note how much there is of what statements may grow with, and estimate those that were not estimated today."""
    close_old_connections()
    if latest_true() is None:
        # By a clock that is behind, today's readings would stand in place of those of a day long past. A later run makes up for it.
        return
    now = database_now()
    record_drivers(now)
    estimate_due(now, _PATIENCE)


@shared_task(name="profiling.age")
def age() -> None:
    """Put older days together, and forget what is too old."""
    close_old_connections()
    put_together(database_now().date(), _PATIENCE)


@shared_task(name="profiling.collect_garbage")
def collect_garbage() -> None:
    """Delete the oldest recorded requests above the limits; inside requests this can deadlock."""
    close_old_connections()
    forget_the_oldest()
