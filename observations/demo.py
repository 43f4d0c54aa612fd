"""Made-up data to look at: two organisations, a few patients with glucose readings, some of them held."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import F, Q
from django.utils.crypto import get_random_string

from clinical_engine.api.scopes import SCOPES
from clinical_engine.audit.roles import ROLES, create_roles
from observations.intake import Sender, record_measurements
from observations.models import Measurement, MeasurementSource
from observations.readings import Reading
from observations.scripts.library import LIBRARY
from observations.scripts.library.installing import install_library
from patients.models import FactName, FactSource, StatementSource
from patients.models.facts import SEXES
from patients.rosters.reading import RosterForm, RosterReader
from patients.rosters.services import receive
from patients.services import NewStatement, Origin, activate, deactivate
from patients.services.facts import FactOrigin, NewFact, record_facts
from submitters.models import ApiClient, Submitter
from submitters.services import create_api_client, create_organisation, create_submitter

API_CLIENT = "Demo vitals app"
_BY_IMPORT = Origin(StatementSource.IMPORT)
_DAYS = 21
# The days ago of the last reading that stays held: none would wait for anybody, and a fresh engine would raise an alarm about it.
_LAST_HELD = settings.OUTSIDE_PERIOD_AFTER.days + 1


@dataclass(frozen=True, slots=True)
class Account:
    """A staff account with its generated password."""

    role: str
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens the demo: shown once, kept nowhere but where the caller puts it."""

    accounts: list[Account]
    api_key: str
    organisation: str
    submitter: str


@transaction.atomic
def create_demo(*, now: datetime) -> Credentials | None:
    """Create the demo data and accounts in one transaction; None when they are there already."""
    if ApiClient.objects.filter(name=API_CLIENT).exists():
        return None
    install_library(scripts=LIBRARY)
    north = create_organisation(actor=None, name="Northside Clinic (demo)", time_zone="Europe/Amsterdam")
    south = create_organisation(actor=None, name="Southgate Hospital (demo)", time_zone="Europe/Lisbon")
    diabetes = create_submitter(actor=None, organisation=north, name="Diabetes at home")
    create_submitter(actor=None, organisation=north, name="COPD at home")
    pregnancy = create_submitter(actor=None, organisation=south, name="Gestational diabetes")
    _populate(diabetes, "north", 8, now)
    _populate(pregnancy, "south", 4, now)
    _, key = create_api_client(actor=None, name=API_CLIENT, scopes=list(SCOPES), organisations=[north, south])
    return Credentials(_create_accounts(), key, str(north.id), str(diabetes.id))


def _create_accounts() -> list[Account]:
    create_roles()
    accounts = []
    groups = {group.name: group for group in Group.objects.filter(name__in=ROLES)}
    for role in ROLES:
        account = Account(role, role.lower().replace(" ", "-"), get_random_string(20))
        user = User.objects.create_user(account.username, password=account.password, is_staff=True)
        user.groups.add(groups[role])
        accounts.append(account)
    return accounts


def _populate(submitter: Submitter, prefix: str, number: int, now: datetime) -> None:
    """Patients of one submitter: the last one is not activated, so its readings are held; the first was deactivated.

    And the roster of those who are active, as the vitals app would send it every night.
    """
    names = [f"{prefix}-{index:02d}" for index in range(1, number + 1)]
    start = now - timedelta(days=_DAYS + 1)
    stop = now - timedelta(days=_LAST_HELD + 2)
    activate(
        submitter=submitter,
        statements=[NewStatement(f"demo-activation-{name}", name, start) for name in names[:-1]],
        origin=_BY_IMPORT,
    )
    deactivate(
        submitter=submitter,
        statements=[NewStatement(f"demo-deactivation-{names[0]}", names[0], stop)],
        origin=_BY_IMPORT,
    )
    record_facts(
        organisation_id=submitter.organisation_id,
        facts=[fact for place, name in enumerate(names) for fact in _facts(name, place)],
        origin=FactOrigin(FactSource.API),
    )
    days = {
        names[0]: range(_LAST_HELD, _DAYS + 1),
        names[-1]: range(_LAST_HELD, _LAST_HELD + 1),
    }
    for name in names:
        record_measurements(
            organisation_id=submitter.organisation_id,
            readings=[*_readings(name, now, days.get(name, range(1, _DAYS + 1)))],
            sender=Sender(MeasurementSource.IMPORT),
        )
    _came_in_when_measured(
        submitter, Q(patient__external_id=names[-1]) | Q(patient__external_id=names[0], measured_at__gte=stop)
    )
    _send_roster(submitter, names[1:-1], start, now)


def _came_in_when_measured(submitter: Submitter, which: Q) -> None:
    Measurement.objects.filter(which, organisation=submitter.organisation_id).update(
        received_at=F("measured_at"), due_at=F("measured_at") + settings.MEASUREMENT_DUE
    )


def _send_roster(submitter: Submitter, names: Sequence[str], since: datetime, now: datetime) -> None:
    lines = [msgspec.json.encode({"external_id": name, "active_since": since}) for name in names]

    def read(roster_id: UUID, as_of: datetime) -> RosterReader:
        body = iter([b"\n".join(lines)])
        return RosterReader(body, form=RosterForm.NDJSON, gzipped=False, as_of=as_of, roster_id=roster_id)

    receive(submitter=submitter, as_of=now, lines=read, origin=_BY_IMPORT)


def _facts(name: str, place: int) -> Iterator[NewFact]:
    """What holds of a patient from birth on; every fourth has the second SpO2 scale since a discharge."""
    born = datetime(1938 + 7 * place % 50, 1, 1, tzinfo=UTC)
    yield NewFact(f"demo-{name}-sex", name, FactName.SEX, SEXES[place % 2], born)
    yield NewFact(f"demo-{name}-birth-year", name, FactName.BIRTH_YEAR, born.year, born)
    yield NewFact(f"demo-{name}-spo2-scale", name, FactName.SPO2_SCALE, 1, born)
    if place % 4 == 1:
        discharged = datetime(2025, 11, 3, 14, 30, tzinfo=UTC)
        yield NewFact(f"demo-{name}-spo2-scale-2", name, FactName.SPO2_SCALE, 2, discharged)


def _readings(name: str, now: datetime, days: Iterable[int]) -> Iterator[Reading]:
    chance = random.Random(name)  # noqa: S311 - made-up values, the same on every machine
    usual = chance.uniform(110, 170)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for day in days:
        for hour in (7, 12, 18):
            time = midnight - timedelta(days=day) + timedelta(hours=hour, minutes=chance.randrange(50))
            value = Decimal(round(max(45, chance.gauss(usual, 35))))
            yield Reading(f"demo-{name}-{time:%Y%m%d%H}", name, "2339-0", value, "mg/dL", time)
