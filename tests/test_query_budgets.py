"""Each endpoint and each job takes the number of queries that is written down, for one thing as for fifty."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from clinical_engine.common.database import execute
from clinical_engine.jobs import sweeper, worker
from clinical_engine.jobs.registry import kind_of, kinds
from clinical_engine.jobs.reruns import services as reruns
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.selection import Selection
from observations.backfill.services import start_backfill
from observations.intake import Sender, record_measurements
from observations.models import MeasurementSource, ScriptVersion
from observations.scripts.content import content_of
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients.models import Patient, Roster
from patients.rosters import schedule
from patients.services import activate
from tests import factories
from tests.api.bodies import batch, fact, facts, move, post, reading, readings, statement
from tests.api.bodies import item as batch_item
from tests.api.contract import operations
from tests.budgets import assert_within_budget, queries_of, read_budgets
from tests.factories import BY_IMPORT, NOON, Caller
from tests.observations.importing.support import readings as lines_of_readings
from tests.observations.importing.support import received
from tests.observations.scripts.writing import publish
from tests.patients.rosters.rows import ndjson, put_roster
from tests.patients.rosters.support import roster_from

Work = Callable[[], int]
MANY = 50


class Surroundings:
    """A caller with one patient of `size` submitters, measurements, observations and waiting statements."""

    def __init__(self, caller: Caller, size: int, work: Work) -> None:
        self.caller, self.size = caller, size
        self.api = Client(headers={"Authorization": f"Bearer {caller.key}"})
        self.activate(size)
        self.record([factories.reading("p-1", measured_at=NOON - timedelta(hours=n)) for n in range(size)])
        self.record(
            [factories.reading("p-1", measured_at=NOON - timedelta(days=900, hours=n)) for n in range(size)]
        )
        self.send("facts", facts(caller, *(fact(f"f-{n}") for n in range(size))))()
        work()
        self.activate(size)
        self.patient = Patient.objects.get()
        self.send("facts", facts(caller, *(fact(f"f-{n}") for n in range(size))))()
        work()

    def activate(self, number: int, prefix: str = "p-1") -> None:
        for _ in range(number):
            activate(
                submitter=factories.submitter(self.caller.organisation),
                statements=[factories.statement(prefix, NOON - timedelta(days=300))],
                origin=BY_IMPORT,
            )

    def record(self, items: list[Any]) -> None:
        record_measurements(
            organisation_id=self.caller.organisation.id,
            readings=items,
            sender=Sender(MeasurementSource.IMPORT),
        )

    def new_readings(self) -> dict[str, Any]:
        moment = timezone.now().timestamp()
        return readings(self.caller, *(reading(f"{moment}/{n}", f"new-{n}") for n in range(self.size)))

    def new_facts(self) -> dict[str, Any]:
        moment = timezone.now().timestamp()
        return facts(self.caller, *(fact(f"{moment}/{n}", external_id=f"new-{n}") for n in range(self.size)))

    def new_batch(self) -> dict[str, Any]:
        moment = timezone.now().timestamp()
        return batch(
            self.caller, *(batch_item(f"{moment}/{n}", f"said-{moment}-{n}") for n in range(self.size))
        )

    def send(self, path: str, body: Any) -> Callable[[], object]:
        return lambda: self.expect(202 if path != "patients/lookup" else 200, post(self.api, path, body))

    def get(self, path: str, **query: str) -> Callable[[], object]:
        return lambda: self.expect(200, self.api.get(f"/api/v1/{path}", query))

    def new_roster(self) -> bytes:
        return ndjson(*(f"listed-{n}" for n in range(self.size)))

    def put_roster(self, body: bytes) -> Callable[[], object]:
        return lambda: self.expect(202, put_roster(self.api, self.caller.submitter.id, body))

    @staticmethod
    def expect(status: int, answer: Any) -> None:
        assert answer.status_code == status, answer.content


IN_ERROR = {"reason": "The wrong patient"}
ENDPOINTS: dict[str, Callable[[Surroundings], Callable[[], object]]] = {
    "POST /api/v1/activations": lambda s: s.send("activations", statement(s.caller, "new")),
    "POST /api/v1/deactivations": lambda s: s.send("deactivations", statement(s.caller, "new")),
    "POST /api/v1/activations/batch": lambda s: s.send("activations/batch", s.new_batch()),
    "POST /api/v1/deactivations/batch": lambda s: s.send("deactivations/batch", s.new_batch()),
    "POST /api/v1/moves": lambda s: s.send(
        "moves", move(s.caller, factories.submitter(s.caller.organisation))
    ),
    "POST /api/v1/facts": lambda s: s.send("facts", s.new_facts()),
    "POST /api/v1/facts/entered-in-error": lambda s: s.send(
        "facts/entered-in-error",
        {**IN_ERROR, "organisation": str(s.caller.organisation.id), "client_id": "new"},
    ),
    "POST /api/v1/facts/{fact_id}/entered-in-error": lambda s: s.send(
        f"facts/{s.patient.facts.latest('id').id}/entered-in-error", IN_ERROR
    ),
    "PUT /api/v1/submitters/{submitter_id}/roster": lambda s: s.put_roster(s.new_roster()),
    "GET /api/v1/rosters/{roster_id}": lambda s: s.get(
        f"rosters/{roster_from(s.caller.submitter, s.new_roster()).id}"
    ),
    "POST /api/v1/measurements": lambda s: s.send("measurements", s.new_readings()),
    "GET /api/v1/measurements": lambda s: s.get("measurements", patient=str(s.patient.id)),
    "POST /api/v1/measurements/entered-in-error": lambda s: s.send(
        "measurements/entered-in-error",
        {**IN_ERROR, "organisation": str(s.caller.organisation.id), "client_id": "new"},
    ),
    "POST /api/v1/measurements/{measurement_id}/entered-in-error": lambda s: s.send(
        f"measurements/{s.patient.measurements.latest('id').id}/entered-in-error", IN_ERROR
    ),
    "GET /api/v1/observations": lambda s: s.get("observations", patient=str(s.patient.id)),
    "GET /api/v1/observations/changes": lambda s: s.get("observations/changes"),
    "GET /api/v1/observations/{observation_id}/explanation": lambda s: s.get(
        f"observations/{s.patient.observations.latest('as_of').id}/explanation"
    ),
    "GET /api/v1/patients/{patient_id}": lambda s: s.get(f"patients/{s.patient.id}"),
    "POST /api/v1/patients/lookup": lambda s: s.send(
        "patients/lookup", {"organisation": str(s.caller.organisation.id), "external_id": "p-1"}
    ),
    "GET /api/v1/jobs/{job_id}": lambda s: s.get(f"jobs/{s.patient.statements.latest('id').job_id}"),
}


def due_associations(s: Surroundings) -> None:
    said = [factories.statement(f"due-{n}", NOON - timedelta(days=300)) for n in range(s.size)]
    activate(submitter=s.caller.submitter, statements=said, origin=BY_IMPORT)


def due_results(s: Surroundings) -> None:
    due_associations(s)
    worker.work("associate", "default")
    s.record([factories.reading(f"due-{n}") for n in range(s.size)])


def due_corrections(s: Surroundings) -> None:
    replaced = s.patient.measurements.values_list("client_id", flat=True)[: s.size]
    s.record([factories.reading(f"new-{n}", replaces=client_id) for n, client_id in enumerate(replaced)])


def due_rerun(s: Surroundings) -> None:
    due_associations(s)
    execute(
        "UPDATE jobs_job SET state = 'dead', finished_at = clock_timestamp() WHERE kind = 'associate' AND state = 'available'"
    )
    limits = Limits(rate=s.size, canary=0)
    reruns.start(actor=factories.user(), selection=Selection(), reason="The cause is mended", limits=limits)


def due_roster(s: Surroundings) -> None:
    roster_from(s.caller.submitter, s.new_roster())


def due_drift(s: Surroundings) -> None:
    due_roster(s)
    worker.work("roster", kind_of("roster").queue)
    Roster.objects.update(drift_due_at=NOON)
    schedule.compare_what_is_due()


def due_import(s: Surroundings) -> None:
    received(s.caller.organisation, lines_of_readings(s.size))


def due_backfill(s: Surroundings) -> None:
    in_force = ScriptVersion.objects.latest("pk")
    publish(in_force.script.name, content_of(in_force))
    start_backfill(
        actor=None,
        script=in_force.script,
        organisation=None,
        since=NOON - timedelta(days=1000),
        until=None,
        reason="A fix",
    )


JOBS: dict[str, Callable[[Surroundings], None]] = {
    "associate": due_associations,
    "recompute": due_results,
    "correct": due_corrections,
    "rerun": due_rerun,
    "roster": due_roster,
    "drift": due_drift,
    "import": due_import,
    "backfill": due_backfill,
}


@pytest.fixture
def caller(committed_db: None, settings: Settings) -> Caller:
    # A profiled request takes more queries, and chance decides which one is.
    settings.PROFILED_SHARE = 0
    install_library(scripts=[GLUCOSE_7D])
    return factories.caller()


@pytest.fixture(params=[1, MANY])
def surroundings(caller: Caller, work: Work, request: pytest.FixtureRequest) -> Surroundings:
    return Surroundings(caller, request.param, work)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_endpoint_takes_the_same_queries_for_one_thing_and_for_fifty(
    surroundings: Surroundings, name: str
) -> None:
    action = ENDPOINTS[name](surroundings)
    assert_within_budget(f"api {name}", queries_of(action))


@pytest.mark.parametrize("kind", JOBS)
def test_a_batch_of_jobs_takes_the_same_queries_for_one_job_and_for_fifty(
    surroundings: Surroundings, work: Work, kind: str
) -> None:
    work()
    JOBS[kind](surroundings)
    assert_within_budget(f"job {kind}", queries_of(lambda: worker.work(kind, kind_of(kind).queue)))


def test_a_sweep_takes_the_same_queries_for_one_job_and_for_fifty(surroundings: Surroundings) -> None:
    assert_within_budget("sweep", queries_of(sweeper.sweep))


def test_every_endpoint_and_every_kind_of_job_has_a_budget() -> None:
    assert set(ENDPOINTS) == {f"{method} {path}" for method, path, _ in operations()}
    assert set(JOBS) == {kind.name for kind in kinds()}


def test_there_is_no_budget_of_what_is_gone() -> None:
    kept = {name for name in read_budgets() if name.startswith(("api ", "job "))}
    assert kept <= {f"api {name}" for name in ENDPOINTS} | {f"job {kind}" for kind in JOBS}
