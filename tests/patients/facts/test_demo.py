"""The demo's patients have facts."""

import pytest

from observations.demo import create_demo
from patients.models import FactName, Patient
from patients.selectors import facts_of
from tests.factories import NOON


@pytest.mark.django_db
def test_every_patient_of_the_demo_has_each_fact_long_before_the_first_reading() -> None:
    create_demo(now=NOON)
    patients = list(Patient.objects.all())
    assert len(patients) == 12
    for patient in patients:
        first = patient.measurements.earliest("measured_at").measured_at
        known = [fact.name for fact in facts_of([patient.pk]) if fact.effective_from < first]
        assert set(known) == set(FactName)
