"""Imports for the tests of their pages."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from observations.models import MeasurementImport
from submitters.models import Organisation

NEW = "admin:observations_measurementimport_new"
LIST = "admin:observations_measurementimport_changelist"


def address(file: MeasurementImport, name: str = "change") -> str:
    return reverse(f"admin:observations_measurementimport_{name}", args=[file.pk])


def send(
    client: Client, of: Organisation, body: bytes, name: str = "readings.ndjson", **fields: object
) -> Any:
    """Send a file by the form."""
    given = {"organisation": of.pk, "reason": "ticket 12", **fields}
    return client.post(reverse(NEW), {**given, "file": SimpleUploadedFile(name, body)})


def errors(response: Any) -> dict[str, list[str]]:
    """What the form says is wrong, by field."""
    return {name: list(map(str, found)) for name, found in response.context["form"].errors.items()}
