"""Made-up rows for tests, through the services where there are some."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import User

from clinical_engine.api.scopes import SCOPES
from observations.readings import Reading
from patients.models import Patient, StatementSource
from patients.services import NewStatement, Origin, ensure_patients
from submitters.models import Organisation, Submitter
from submitters.services import create_api_client

_number = count(1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
BY_IMPORT = Origin(StatementSource.IMPORT)


def organisation(**fields: object) -> Organisation:
    return Organisation.objects.create(**{"name": f"Clinic {next(_number)}", **fields})


def user(**fields: Any) -> User:
    return User.objects.create_user(**{"username": f"user-{next(_number)}", **fields})


def submitter(of: Organisation | None = None, **fields: object) -> Submitter:
    return Submitter.objects.create(
        **{"organisation": of or organisation(), "name": f"Programme {next(_number)}", **fields}
    )


def patient(of: Organisation, external_id: str | None = None) -> Patient:
    external_id = external_id or f"patient-{next(_number)}"
    ids = ensure_patients(organisation_id=of.id, external_ids=[external_id])
    return Patient.objects.get(pk=ids[external_id])


def statement(external_id: str, effective_at: datetime = NOON, client_id: str | None = None) -> NewStatement:
    return NewStatement(client_id or f"statement-{next(_number)}", external_id, effective_at)


def reading(external_id: str, value: object = "100", measured_at: datetime = NOON, **fields: Any) -> Reading:
    given: dict[str, Any] = {
        "client_id": f"reading-{next(_number)}",
        "code": "2339-0",
        "unit": "mg/dL",
        **fields,
    }
    value = value if isinstance(value, bool) else Decimal(str(value))
    return Reading(external_id=external_id, value=value, measured_at=measured_at, **given)


@dataclass(frozen=True)
class Caller:
    """An API client's key and what it may act for."""

    organisation: Organisation
    submitter: Submitter
    key: str


def caller(scopes: tuple[str, ...] = tuple(SCOPES)) -> Caller:
    owner = organisation()
    _, key = create_api_client(
        actor=None, name=f"Vitals {next(_number)}", scopes=scopes, organisations=[owner]
    )
    return Caller(owner, submitter(owner), key)


def days(number: float) -> timedelta:
    return timedelta(days=number)
