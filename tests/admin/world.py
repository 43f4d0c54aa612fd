"""Made-up rows in every table that the admin shows, any number of each."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.apps import apps
from django.contrib.admin import site
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.audit.roles import create_roles
from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.jobs.registry import DEFAULT_QUEUE
from clinical_engine.jobs.states import JobState, Outcome, Trigger
from clinical_engine.profiling.models import CapturedStatement, Finding
from observations.intake import Sender, record_measurements
from observations.models import (
    Measurement,
    MeasurementConflict,
    MeasurementSource,
    Observation,
    ObservationScript,
    ScriptVersion,
)
from observations.readings import Reading
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients.models import (
    Association,
    FactConflict,
    Patient,
    PatientFact,
    Roster,
    Statement,
    StatementConflict,
)
from patients.services import activate, deactivate
from submitters.models import ApiClient, Organisation, Submitter
from submitters.services import create_api_client
from tests import factories
from tests.observations.scripts.writing import draft_of
from tests.patients.facts import support as facts
from tests.patients.rosters.support import lines_of, roster_from
from tests.profiling import captured

PASSWORD = "a long made-up password"
WARD = "Ward"


class World(NamedTuple):
    """One organisation with one submitter and one patient about whom there is much to see."""

    organisation: Organisation
    submitter: Submitter
    patient: Patient
    failed_job: UUID


def account(role: str, name: str = "") -> User:
    """An account of staff with a role of ours, or a superuser for the role 'superuser'."""
    name = name or role.lower().replace(" ", "-")
    if role == "superuser":
        return User.objects.create_superuser(name, password=PASSWORD)
    create_roles()
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def begin(external_id: str = "patient-one") -> World:
    """A patient of whom nothing is known yet but a job that failed."""
    install_library(scripts=[GLUCOSE_7D])
    submitter = factories.submitter()
    patient = factories.patient(submitter.organisation, external_id)
    return World(submitter.organisation, submitter, patient, fail_a_job(submitter, patient))


def fail_a_job(
    submitter: Submitter, patient: Patient, error: str = "InvalidPayloadError", **fields: object
) -> UUID:
    """A job that waits for a person, as the ledger leaves one behind; `fields` are set instead of the usual ones."""
    usual = {
        "kind": "associate",
        "queue": DEFAULT_QUEUE,
        "state": JobState.INVALID_PAYLOAD,
        "payload": {"statement_id": "not an id"},
        "payload_version": 1,
        "organisation_id": submitter.organisation_id,
        "submitter_id": submitter.pk,
        "patient_id": patient.pk,
        "finished_at": timezone.now(),
        "error": error,
        "fingerprint": fingerprint_of(error),
    }
    # The ledger takes no such payload in; worked off for real, a failure would end the test's transaction.
    return Job.objects.create(**{**usual, **fields}).pk


def fingerprint_of(error: str) -> str:
    """What failures of `fail_a_job` with the error are grouped by."""
    return hashlib.sha256(error.encode()).hexdigest()[:16]


def grow(world: World, number: int, work: Callable[[], int]) -> None:
    """Add `number` rows of everything, to the patient and beside it, and work off what follows."""
    now = timezone.now().replace(microsecond=0)
    for count in range(number):
        _grow_patient(world, now - timedelta(hours=2 * count + 2))
        _grow_others(world, now)
    work()
    _grow_rosters(world, number, now)
    work()
    _grow_attempts(world, number)
    captured.few(number)
    _refuse_second_contents(world)


def _grow_patient(world: World, time: datetime) -> None:
    """A day of being active with a reading that counts, and one before anybody was active that is held."""
    said = factories.statement(world.patient.external_id, time)
    activate(submitter=world.submitter, statements=[said], origin=factories.BY_IMPORT)
    ended = factories.statement(world.patient.external_id, time + timedelta(hours=1))
    deactivate(submitter=world.submitter, statements=[ended], origin=factories.BY_IMPORT)
    readings = [
        factories.reading(world.patient.external_id, 100, time + timedelta(minutes=30)),
        factories.reading(world.patient.external_id, 100, time + timedelta(minutes=90)),
    ]
    record(world.organisation, *readings)
    facts.record(world.organisation, facts.fact("spo2_scale", 1, time, external_id=world.patient.external_id))
    fail_a_job(world.submitter, world.patient)


def record(organisation: Organisation, *readings: Reading) -> None:
    """Take readings in."""
    record_measurements(
        organisation_id=organisation.pk, readings=readings, sender=Sender(MeasurementSource.IMPORT)
    )


def _grow_others(world: World, now: datetime) -> None:
    other = factories.submitter()
    said = factories.statement(f"{other.name}-patient", now - timedelta(days=3))
    activate(submitter=other, statements=[said], origin=factories.BY_IMPORT)
    record(other.organisation, factories.reading(said.external_id, 90, now - timedelta(days=1)))
    create_api_client(
        actor=None,
        name=other.name,
        scopes=["jobs:read"],
        organisations=[world.organisation, other.organisation],
    )
    User.objects.create_user(f"user-{other.pk}", is_staff=True)
    Group.objects.create(name=f"group {other.pk}")
    script = draft_of(GLUCOSE_7D).script
    ObservationScript.objects.create(
        name=f"script-{other.pk}", title="Another", organisation=script.organisation
    )


def _grow_rosters(world: World, number: int, now: datetime) -> None:
    """Lists of a ward, compared only: the last of them with `number` patients of each sort, and as many bad lines."""
    ward, _ = Submitter.objects.get_or_create(organisation=world.organisation, name=WARD)
    here = [factories.statement(f"ward-{count}", now - timedelta(days=3)) for count in range(number)]
    activate(submitter=ward, statements=here, origin=factories.BY_IMPORT)
    for length in (*(1 for _ in range(number)), number):
        listed = {f"listed-{count}": now - timedelta(days=2) for count in range(length)}
        roster_from(ward, lines_of(listed) + length * b"{}\n", now, dry_run=True)


def _grow_attempts(world: World, number: int) -> None:
    made = Attempt.objects.filter(job=world.failed_job).count()
    Attempt.objects.bulk_create(
        Attempt(
            job_id=world.failed_job,
            number=made + count,
            release="r1",
            worker="w1",
            started_at=timezone.now(),
            outcome=Outcome.FAILED,
            trigger=Trigger.AUTO,
            error_class="IntegrityError",
            sqlstate="23505",
            constraint_name="statement_client_id_once",
            frames=["patients/folding.py:1 fold"],
        )
        for count in range(1, number + 1)
    )


def _refuse_second_contents(world: World) -> None:
    for statement in Statement.objects.filter(submitter=world.submitter, conflicts=None, kind="activation"):
        later = factories.statement(
            world.patient.external_id, statement.effective_at + timedelta(seconds=1), statement.client_id
        )
        activate(submitter=world.submitter, statements=[later], origin=factories.BY_IMPORT)
    for fact in PatientFact.objects.filter(patient=world.patient, conflicts=None):
        other = facts.fact("spo2_scale", 2, client_id=fact.client_id, external_id=world.patient.external_id)
        facts.record(world.organisation, other)
    for sent in Measurement.objects.filter(patient=world.patient, conflicts=None):
        record(
            world.organisation,
            factories.reading(world.patient.external_id, 101, sent.measured_at, client_id=sent.client_id),
        )


def shown_models() -> list[type[Model]]:
    """Every model that has pages in the admin."""
    return [model for model in apps.get_models() if site.is_registered(model)]


def pages_of(world: World) -> dict[str, object]:
    """The key of a row with much to show, for each model that has any page of its own worth it."""
    current = Observation.objects.filter(superseded_at=None, patient=world.patient)
    observation = current.latest("as_of")
    version = ScriptVersion.objects.earliest("pk")
    return {
        "submitters.organisation": world.organisation.pk,
        "submitters.submitter": world.submitter.pk,
        "submitters.apiclient": ApiClient.objects.earliest("pk").pk,
        "patients.patient": world.patient.pk,
        "patients.statement": Statement.objects.filter(patient=world.patient).earliest("pk").pk,
        "patients.statementconflict": StatementConflict.objects.earliest("pk").pk,
        "patients.patientfact": PatientFact.objects.filter(patient=world.patient).earliest("pk").pk,
        "patients.factconflict": FactConflict.objects.earliest("pk").pk,
        "patients.roster": Roster.objects.latest("pk").pk,
        "patients.association": Association.objects.filter(patient=world.patient).earliest("pk").pk,
        "observations.measurement": observation.derived_from[0],
        "observations.measurementconflict": MeasurementConflict.objects.earliest("pk").pk,
        "observations.observation": observation.pk,
        "observations.observationscript": version.script_id,
        "observations.scriptversion": version.pk,
        "observations.code": version.code_id,
        "jobs.job": world.failed_job,
        "profiling.capturedstatement": CapturedStatement.objects.latest("pk").pk,
        "profiling.finding": Finding.objects.earliest("pk").pk,
        "audit.auditentry": AuditEntry.objects.earliest("pk").pk,
        "auth.user": User.objects.earliest("pk").pk,
        "auth.group": Group.objects.earliest("pk").pk,
    }
