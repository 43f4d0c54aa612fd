"""The demo is something to look at, and no reason for an alarm."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from clinical_engine.jobs import sweeper
from clinical_engine.monitoring.probes import read_all
from observations.demo import create_demo
from observations.models import Measurement
from observations.selectors import is_outside_period


@pytest.mark.usefixtures("committed_db")
def test_the_demo_has_held_readings_and_none_of_them_becomes_an_alarm(work: Callable[[], int]) -> None:
    create_demo(now=timezone.now())
    work()
    sweeper.sweep()
    held = Measurement.objects.filter(association=None)
    assert len({row.patient_id for row in held}) == 4
    assert all(is_outside_period(row, timezone.now()) for row in held)
    assert [probe.name for probe, reading in read_all().items() if not reading.ok] == []
