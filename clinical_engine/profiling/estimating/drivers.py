"""How much there is today of what may make statements grow."""

import logging
from datetime import datetime

from django.db import Error, transaction

from clinical_engine.common.logs import describe_error
from clinical_engine.profiling.drivers import registered
from clinical_engine.profiling.models import DriverReading

logger = logging.getLogger(__name__)


def record_drivers(now: datetime) -> None:
    """Read each driver and keep it as the day's; one that cannot be read is left out and logged."""
    readings: list[DriverReading] = []
    for driver in registered():
        try:
            with transaction.atomic():
                value = driver.read()
        except Error as error:
            logger.warning("The driver %s cannot be read: %s", driver.name, describe_error(error))
            continue
        readings.append(DriverReading(driver=driver.name, day=now.date(), value=value))
    DriverReading.objects.bulk_create(
        readings, update_conflicts=True, unique_fields=["driver", "day"], update_fields=["value"]
    )
