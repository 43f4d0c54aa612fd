"""The engine, and the reference beside it: everything that happens, happens to both."""

from datetime import datetime
from zoneinfo import ZoneInfo

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.jobs import worker
from clinical_engine.jobs.registry import kind_of
from observations.backfill.services import start_backfill
from observations.intake import enter_in_error, record_measurements
from observations.models import Observation, ScriptVersion
from observations.scripts.publishing import resume
from patients import services
from patients.models import Patient
from patients.periods import Said
from submitters.models import Organisation
from tests import factories
from tests.factories import BY_IMPORT
from tests.observations.computing.actual import current_results, differences
from tests.observations.computing.histories import (
    EVERYTHING,
    KINDS,
    FactRetracted,
    FactsSent,
    MadeUp,
    Moved,
    Retracted,
    Sent,
    Stated,
    Step,
    Suspended,
    Worked,
)
from tests.observations.computing.installing import Installed, publish
from tests.observations.computing.reference.computing import expected_results
from tests.observations.computing.reference.facts import PlainOrganisation, Published
from tests.observations.facts import BY_A_FILE
from tests.observations.scripts.writing import SINCE_EVER
from tests.patients.facts import support as facts
from tests.patients.test_folding import undone

_REASONS_OF_REPLACED = {
    "another script version is in force",
    "a measurement no longer counts",
    "a measurement came in later",
    "a fact about the patient changed",
    "a result that it reads changed",
}

_UNFINISHED = "SELECT FROM jobs_job WHERE state NOT IN ('succeeded', 'dead') LIMIT 1"
_DUE = "UPDATE jobs_job SET next_run_at = clock_timestamp() WHERE state IN ('available', 'retryable')"
_AGAIN = """
    UPDATE jobs_job SET state = 'retryable', finished_at = NULL, next_run_at = clock_timestamp()
    WHERE kind = %s AND state = 'succeeded'
"""


class World:
    """Two organisations with two submitters each."""

    def __init__(self, installed: Installed) -> None:
        self.installed = installed
        self.organisations = [factories.organisation() for _ in range(2)]
        self.submitters = [
            [factories.submitter(organisation) for _ in range(2)] for organisation in self.organisations
        ]
        self.plain = [PlainOrganisation(organisation.zone) for organisation in self.organisations]
        self.publications = list(installed.publications)
        self.unmade: list[tuple[str, datetime]] = []
        """What no backfill makes up for yet: a script, since a time."""

    def take(self, step: Step) -> None:
        """Let it happen."""
        match step:
            case Stated():
                self._state(step)
            case Sent():
                self._send(step)
            case Retracted(organisation, client_id):
                enter_in_error(
                    organisation_id=self.organisations[organisation].pk,
                    client_id=client_id,
                    reason="The wrong patient",
                    sender=BY_A_FILE,
                )
                self.plain[organisation].intake.in_error.add(client_id)
            case FactsSent(organisation, said):
                outcomes = facts.outcomes(facts.record(self.organisations[organisation], *said))
                assert outcomes == [self.plain[organisation].facts.send(fact) for fact in said]
            case FactRetracted(organisation, client_id):
                facts.retract(self.organisations[organisation], client_id)
                self.plain[organisation].facts.in_error.add(client_id)
            case Worked():
                self._work(step)
            case _:
                self._take_of_scripts(step)

    def settle(self) -> None:
        """Do all that is left to do, in a last order of its own."""
        for version in ScriptVersion.objects.exclude(suspended_at=None).select_related("script"):
            self._resume(version)
        self.take(MadeUp())
        # A job may ask for another, and a kind's turn may be over before its jobs are.
        for _ in range(50):
            self.take(EVERYTHING)
            if not fetch_all(_UNFINISHED):
                return
        raise AssertionError("jobs come back again and again")

    def assert_as_expected(self) -> None:
        """The current results are those of the reference."""
        wrong = []
        for number, organisation in enumerate(self.organisations):
            for patient in Patient.objects.filter(organisation=organisation):
                expected = expected_results(
                    self.plain[number], number, patient.external_id, self.publications
                )
                wrong += differences(current_results(patient), expected)
        assert not wrong, "\n".join(wrong)

    def assert_nothing_was_replaced_by_its_like(self) -> None:
        """What was superseded says why, and what stands instead of it is made otherwise."""
        last: dict[tuple[object, ...], Observation] = {}
        for row in Observation.objects.order_by("id"):
            before = last.get(key := (row.patient_id, row.script_id, row.as_of))
            if before is not None and before.superseded_because in _REASONS_OF_REPLACED:
                assert _made_of(before) != _made_of(row)
            last[key] = row
        assert not Observation.objects.exclude(superseded_at=None).filter(superseded_because="").exists()

    def _state(self, step: Stated) -> None:
        accept = services.activate if step.active else services.deactivate
        said = factories.statement(step.patient, step.at, step.client_id)
        submitter = self.submitters[step.organisation][step.submitter]
        accept(submitter=submitter, statements=[said], origin=BY_IMPORT)
        self.plain[step.organisation].state(
            step.patient, step.submitter, Said(step.at, step.client_id, step.active)
        )

    def _send(self, step: Sent) -> None:
        answers = record_measurements(
            organisation_id=self.organisations[step.organisation].pk, readings=step.readings, sender=BY_A_FILE
        )
        outcomes = [answer.outcome.value for answer in answers]
        told = ["stored" if outcome in {"accepted", "held"} else outcome for outcome in outcomes]
        assert told == [self.plain[step.organisation].intake.send(reading) for reading in step.readings]

    def _work(self, step: Worked) -> None:
        if step.lost:
            # All that a dying worker did in its transaction is undone with it; its jobs are another's then.
            with undone():
                self._work(Worked(step.kind, step.again))
            return
        # Patients whose results change a lot wait a little in between.
        execute(_DUE)
        if step.again:
            execute(_AGAIN, [step.kind])
        for kind in [step.kind] if step.kind else KINDS:
            worker.work(kind, kind_of(kind).queue)

    def _take_of_scripts(self, step: Step) -> None:
        match step:
            case Published():
                publish(self.installed, step, self.organisations)
                self.publications.append(step)
                self.unmade.append((step.script, step.effective_from))
            case Suspended(name, number, again):
                version = self.installed.versions[name, number]
                version.refresh_from_db()
                if not again:
                    ScriptVersion.objects.filter(pk=version.pk).update(suspended_at=factories.NOON)
                elif version.suspended_at is not None:
                    self._resume(version)
            case Moved(organisation, zone):
                Organisation.objects.filter(pk=self.organisations[organisation].pk).update(time_zone=zone)
                self.plain[organisation].zone = ZoneInfo(zone)
                self.unmade += [(script, SINCE_EVER) for script in ("heat", "gain", "profile")]
            case MadeUp():
                for script, since in dict.fromkeys(self.unmade):
                    self._start_backfill(script, since)
                self.unmade = []

    def _start_backfill(self, script: str, since: datetime) -> None:
        start_backfill(
            actor=self.installed.actor,
            script=self.installed.scripts[script],
            organisation=None,
            since=since,
            until=None,
            reason="For a test",
        )

    def _resume(self, version: ScriptVersion) -> None:
        since = resume(actor=self.installed.actor, version=version, reason="For a test")
        if since is not None:
            self.unmade.append((version.script.name, since))


def _made_of(row: Observation) -> tuple[object, ...]:
    sources = (row.derived_from, row.from_observations, row.from_facts)
    return (row.script_version_id, *sources, row.value, row.not_computable, row.interpretation)
