"""Stating by hand, for the tests of its pages."""

from datetime import datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from patients.models import Patient
from patients.services import activate
from submitters.models import Submitter
from tests import factories

ACTIVE, INACTIVE, MOVE = ("state_active", "state_inactive", "move")


def address(patient: Patient, deed: str) -> str:
    return reverse(f"admin:patients_patient_{deed}", args=[patient.pk])


def answers(submitter: Submitter, since: str = "2026-03-10T13:00:00", **others: str) -> dict[str, str]:
    return {
        "submitter": str(submitter.pk),
        "effective_at": since,
        "reason": "ticket 12: vitals lost it",
        **others,
    }


def moving(one: Submitter, other: Submitter, since: str = "2026-03-12T13:00:00") -> dict[str, str]:
    return {
        "from_submitter": str(one.pk),
        "to_submitter": str(other.pk),
        "effective_at": since,
        "reason": "ticket 13",
    }


def look(client: Client, url: str, data: dict[str, str]) -> Any:
    """The dry run of the answers."""
    return client.post(url, {**data, "step": "show"})


def confirm(client: Client, url: str, data: dict[str, str]) -> Any:
    """Confirm what the dry run shows."""
    seen = look(client, url, data).context["foreseen"].seen
    return client.post(url, {**data, "step": "confirm", "seen": seen})


def active_since(patient: Patient, submitter: Submitter, time: datetime) -> None:
    said = factories.statement(patient.external_id, time)
    activate(submitter=submitter, statements=[said], origin=factories.BY_IMPORT)
