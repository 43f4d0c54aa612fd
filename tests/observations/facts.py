"""Facts about patients, and what has become of them."""

from datetime import datetime
from typing import Any

from observations.intake import Answer, Sender, enter_in_error, record_measurements
from observations.models import MeasurementSource, Observation
from observations.readings import Reading
from patients import services
from submitters.models import Submitter
from tests import factories
from tests.factories import BY_IMPORT, NOON, days

BY_A_FILE = Sender(MeasurementSource.IMPORT)


def record(submitter: Submitter, *readings: Reading) -> list[Answer]:
    return record_measurements(organisation_id=submitter.organisation_id, readings=readings, sender=BY_A_FILE)


def retract(submitter: Submitter, client_id: str, reason: str = "The wrong patient") -> bool:
    """Say that it was entered in error; whether nobody had said so before."""
    said = enter_in_error(
        organisation_id=submitter.organisation_id, client_id=client_id, reason=reason, sender=BY_A_FILE
    )
    return said.is_new


def state(
    submitter: Submitter, day: float, client_id: str, *, active: bool = True, external_id: str = "p-1"
) -> None:
    accept = services.activate if active else services.deactivate
    said = factories.statement(external_id, NOON + days(day), client_id)
    accept(submitter=submitter, statements=[said], origin=BY_IMPORT)


def reading_on(day: float, value: object = 100, external_id: str = "p-1", **fields: Any) -> Reading:
    return factories.reading(external_id, value, NOON + days(day), **fields)


def current() -> list[Observation]:
    return list(Observation.objects.filter(superseded_at=None).order_by("as_of"))


def reasons() -> dict[datetime, list[str]]:
    """Why results were superseded, by their time."""
    found: dict[datetime, list[str]] = {}
    for row in Observation.objects.exclude(superseded_at=None).order_by("as_of", "id"):
        found.setdefault(row.as_of, []).append(row.superseded_because)
    return found
