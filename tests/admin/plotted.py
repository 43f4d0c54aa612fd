"""Readings of a patient 'p' to be plotted, and what is drawn of them."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from observations.admin.plots.drawing import MANY, Drawing, draw
from observations.admin.plots.periods import Choice
from observations.admin.plots.plots import Plot
from observations.admin.plots.reading import Bounds
from observations.readings import Component, Reading
from patients.models import Patient
from patients.services import activate
from submitters.models import Submitter
from tests import factories

PULSE, TEMPERATURE, PRESSURE, WEIGHT = "8867-4", "8310-5", "85354-9", "29463-7"
NOTE = "patient-note"


def reading(
    code: str, value: object, unit: str | None = None, hours_ago: float = 24, **fields: str
) -> Reading:
    at = timezone.now() - timedelta(hours=hours_ago)
    given = {"client_id": f"{code}-{hours_ago}", **fields}
    value = value if isinstance(value, bool | str | tuple) else Decimal(str(value))
    return Reading(external_id="p", code=code, value=value, unit=unit, measured_at=at, **given)


def pulse(value: object, hours_ago: float = 24, **fields: str) -> Reading:
    return reading(PULSE, value, "/min", hours_ago, **fields)


def pressure(systolic: int, diastolic: int, hours_ago: float = 24) -> Reading:
    parts = (
        Component("8480-6", Decimal(systolic), "mm[Hg]"),
        Component("8462-4", Decimal(diastolic), "mm[Hg]"),
    )
    return reading(PRESSURE, parts, None, hours_ago)


def drawn(choice: Choice | None = None, bounds: Bounds = MANY) -> Drawing:
    drawing = draw(Patient.objects.select_related("organisation").get(), choice or Choice(), bounds)
    assert drawing is not None
    return drawing


def plot(name: str) -> Plot:
    [found] = [plot for plot in drawn().plots if plot.name == name]
    return found


def active_for_ten_days() -> Submitter:
    """A programme with which the patient 'p' has been active for ten days."""
    submitter = factories.submitter(factories.organisation(name="North"), name="COPD at home")
    said = factories.statement("p", timezone.now() - timedelta(days=10))
    activate(submitter=submitter, statements=[said], origin=factories.BY_IMPORT)
    return submitter
