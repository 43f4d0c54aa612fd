"""A client that follows the feed of changes, and results to be followed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from observations.models import Code, Observation, ObservationScript, ScriptVersion
from observations.models.fields import ThisTransaction
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients.models import Patient
from submitters.models import Organisation
from tests import factories
from tests.api.contract import DescribedClient
from tests.factories import NOON, days

CHANGES = "/api/v1/observations/changes"


def patient_in(organisation: Organisation) -> Patient:
    """A patient of whom results can be written."""
    if not ObservationScript.objects.exists():
        install_library(scripts=[GLUCOSE_7D])
    return factories.patient(organisation)


def write(patient: Patient, number: int, as_of: datetime = NOON) -> UUID:
    """A result in the running transaction, as storing writes one; `number` tells it from others of its patient."""
    version = ScriptVersion.objects.select_related("script").get(script__name="glucose-7d")
    row = Observation.objects.create(
        organisation_id=patient.organisation_id,
        patient=patient,
        script=version.script,
        script_version=version,
        code=Code.objects.get(code="glucose-7d"),
        as_of=as_of - days(number),
        value={"mean": float(number), "in_range": 100.0},
        derived_from=[],
    )
    return row.pk


def supersede(row: UUID) -> None:
    Observation.objects.filter(pk=row).update(
        superseded_at=timezone.now(),
        superseded_because="a measurement came in later",
        changed_in=ThisTransaction(),
    )


def order_of_writing() -> list[UUID]:
    return list(Observation.objects.order_by(F("changed_in"), "id").values_list("id", flat=True))


class Follower:
    """Asks again and again, keeping the cursor."""

    def __init__(self, api: DescribedClient, **query: Any) -> None:
        self.api, self.query = api, query
        self.cursor: str | None = None
        self.seen: list[tuple[UUID, bool]] = []
        """Each row that came, in order, and whether it was superseded by then."""
        self.lag_seconds = 0

    def ask(self) -> list[UUID]:
        """Everything that is ready; whatever comes is kept."""
        new: list[UUID] = []
        more = True
        while more:
            query = self.query if self.cursor is None else {**self.query, "cursor": self.cursor}
            query.pop("start", None) if self.cursor else None
            answer = self.api.get(CHANGES, query).json()
            rows = answer["results"]
            new += [UUID(row["id"]) for row in rows]
            self.seen += [(UUID(row["id"]), row["superseded_at"] is not None) for row in rows]
            self.cursor, self.lag_seconds, more = answer["cursor"], answer["lag_seconds"], answer["more"]
        return new


def twice(rows: Iterable[UUID]) -> set[UUID]:
    """Those that came more than once."""
    seen: set[UUID] = set()
    return {row for row in rows if row in seen or seen.add(row)}  # type: ignore[func-returns-value]
