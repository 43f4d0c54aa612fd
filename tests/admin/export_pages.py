"""Exporting measurements, for the tests of it."""

import csv
import io
from typing import Any

from django.test import Client
from django.urls import reverse

from observations.models import Measurement
from observations.readings import Reading
from submitters.models import Organisation
from tests.admin import world
from tests.factories import NOON

EXPORT = "admin:observations_measurement_export"
WHY = {"reason": "ticket 12: the hospital asked for them"}
Line = dict[str, str]


def sent(client: Client, **filters: str) -> bytes:
    """The file's bytes."""
    response = client.post(reverse(EXPORT), {**filters, **WHY})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    return read(response)


def read(response: Any) -> bytes:
    """All of the file; the test client closes it at its end."""
    return b"".join(response.streaming_content)


def lines(client: Client, **filters: str) -> list[Line]:
    text = io.StringIO(sent(client, **filters).decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, strict=True))


def note(owner: Organisation, text: str, **fields: Any) -> None:
    reading = {"client_id": f"note-{Measurement.objects.count()}", "external_id": "p-1", **fields}
    world.record(owner, Reading(code="patient-note", value=text, unit=None, measured_at=NOON, **reading))
