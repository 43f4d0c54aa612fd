"""A clock that is behind: nothing is read or estimated for a day long past."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from clinical_engine.profiling.models import CapturedStatement, DriverReading
from clinical_engine.profiling.tasks import estimate_growth
from tests.profiling import captured


@pytest.mark.usefixtures("committed_db")
def test_while_the_database_is_behind_no_days_readings_are_overwritten() -> None:
    captured.statement()
    today = datetime.now(UTC)
    DriverReading.objects.create(driver=captured.PATIENTS, day=today.date(), value=1_000)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(timezone, "now", lambda: today + timedelta(days=1))
        estimate_growth()
    assert [reading.value for reading in DriverReading.objects.all()] == [1_000]
    assert CapturedStatement.objects.filter(estimated_on=None).exists()
    estimate_growth()
    assert DriverReading.objects.get(driver=captured.PATIENTS).value == 0
    assert not CapturedStatement.objects.filter(estimated_on=None).exists()
