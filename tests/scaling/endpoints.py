"""Every endpoint of the API, with a request that keeps its size."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone

from clinical_engine.monitoring.urls import urlpatterns
from observations.fhir import urls as fhir
from submitters.models import Submitter
from tests.api.bodies import batch, fact, facts, item, move, post, reading, readings, statement
from tests.observations.fhir.bodies import bundle, observation, send
from tests.patients.rosters.rows import ndjson
from tests.scaling import rows
from tests.scaling.actions import Act, Action, expect
from tests.scaling.world import World

ONE = "p-000001"


def _get(world: World, path: str, **query: str) -> Act:
    return lambda: expect(world.api.get(f"/api/v1/{path}", query), 200)


def _post(world: World, path: str, body: Any, status: int = 202) -> Act:
    return lambda: expect(post(world.api, path, body), status)


def _patient(world: World) -> str:
    return str(world.key(rows.PATIENT, 1))


def _readings(world: World, request: int) -> Act:
    # About as many patients, known and new.
    items = (reading(f"new-{n:03d}", f"p-{n:06d}" if n % 2 else f"q-{n:06d}") for n in range(1, request + 1))
    return _post(world, "measurements", readings(world.caller, *items))


def _entered_in_error(world: World) -> Act:
    identifier = world.key(rows.MEASUREMENT, 11)
    return _post(world, f"measurements/{identifier}/entered-in-error", {"reason": "The wrong patient"})


def _entered_in_error_by_client_id(world: World) -> Act:
    body = {"organisation": str(world.caller.organisation.pk), "client_id": "new", "reason": "Typing"}
    return _post(world, "measurements/entered-in-error", body)


def _facts(world: World, request: int) -> Act:
    items = (
        fact(f"new-{n:03d}", external_id=f"p-{n:06d}" if n % 2 else f"q-{n:06d}")
        for n in range(1, request + 1)
    )
    return _post(world, "facts", facts(world.caller, *items))


def _fact_in_error(world: World, *path: object, **named: str) -> Act:
    address = "/".join(("facts", *map(str, path), "entered-in-error"))
    return _post(world, address, {"reason": "The wrong patient", **named})


def _fact_in_error_by_client_id(world: World) -> Act:
    return _fact_in_error(world, organisation=str(world.caller.organisation.pk), client_id="f-1-1")


def _lookup(world: World) -> Act:
    body = {"organisation": str(world.caller.organisation.pk), "external_id": ONE}
    return _post(world, "patients/lookup", body, 200)


def _batch(world: World, path: str, request: int) -> Act:
    items = [item(f"new-{n:03d}", f"p-{n:06d}" if n % 2 else f"q-{n:06d}") for n in range(1, request + 1)]
    return _post(world, f"{path}/batch", batch(world.caller, *items))


def _move(world: World) -> Act:
    to = Submitter.objects.filter(organisation=world.caller.organisation).exclude(
        pk=world.caller.submitter.pk
    )[0]
    return _post(world, "moves", move(world.caller, to, external_id=ONE))


def put_roster(world: World, patients: Iterable[str]) -> Act:
    """Sending the list of our submitter's active patients, as of now."""
    body = ndjson(*patients)
    path = f"/api/v1/submitters/{world.caller.submitter.pk}/roster?as_of={timezone.now():%Y-%m-%dT%H:%M:%SZ}"
    return lambda: expect(world.api.put(path, body, content_type="application/x-ndjson"), 202)


def _new_roster(world: World, request: int) -> Act:
    return put_roster(world, (f"q-{number:06d}" for number in range(request)))


def _watch(name: str) -> Action:
    return Action(lambda w, _: lambda: expect(w.api.get(reverse(name)), 200, 503))


ENDPOINTS: Mapping[str, Action] = {
    "POST /api/v1/activations": Action(lambda w, _: _post(w, "activations", statement(w.caller, "new", ONE))),
    "POST /api/v1/deactivations": Action(
        lambda w, _: _post(w, "deactivations", statement(w.caller, "new", ONE))
    ),
    "POST /api/v1/activations/batch": Action(lambda w, size: _batch(w, "activations", size), bulk=True),
    "POST /api/v1/deactivations/batch": Action(lambda w, size: _batch(w, "deactivations", size), bulk=True),
    "POST /api/v1/moves": Action(lambda w, _: _move(w)),
    "PUT /api/v1/submitters/{submitter_id}/roster": Action(_new_roster, bulk=True),
    "GET /api/v1/rosters/{roster_id}": Action(lambda w, _: _get(w, f"rosters/{w.roster.pk}")),
    "POST /api/v1/measurements": Action(_readings, bulk=True),
    "GET /api/v1/measurements": Action(lambda w, _: _get(w, "measurements", patient=_patient(w))),
    "POST /api/v1/measurements/{measurement_id}/entered-in-error": Action(lambda w, _: _entered_in_error(w)),
    "POST /api/v1/measurements/entered-in-error": Action(
        lambda w, _: _entered_in_error_by_client_id(w),
    ),
    "POST /api/v1/facts": Action(_facts, bulk=True),
    "POST /api/v1/facts/{fact_id}/entered-in-error": Action(
        lambda w, _: _fact_in_error(w, w.key(rows.FACT, 11))
    ),
    "POST /api/v1/facts/entered-in-error": Action(lambda w, _: _fact_in_error_by_client_id(w)),
    "GET /api/v1/observations": Action(lambda w, _: _get(w, "observations", patient=_patient(w))),
    "GET /api/v1/observations/changes": Action(lambda w, _: _get(w, "observations/changes")),
    "GET /api/v1/observations/{observation_id}/explanation": Action(
        lambda w, _: _get(w, f"observations/{w.key(rows.OBSERVATION, 11)}/explanation")
    ),
    "GET /api/v1/patients/{patient_id}": Action(lambda w, _: _get(w, f"patients/{_patient(w)}")),
    "POST /api/v1/patients/lookup": Action(lambda w, _: _lookup(w)),
    "GET /api/v1/jobs/{job_id}": Action(lambda w, _: _get(w, f"jobs/{w.key(rows.JOB, 11)}")),
}

# Not ready is an answer too: here the sweep is always late.
MONITORING: Mapping[str, Action] = {str(page.name): _watch(str(page.name)) for page in urlpatterns}


def fhir_operations() -> list[str]:
    """Each method of each endpoint that is FHIR's, by the endpoint's name; they are in no OpenAPI description."""
    views = [(page.name, getattr(page.callback, "cls", None)) for page in fhir.urlpatterns if page.name]
    return [f"{method} {name}" for name, view in views if view for method in view.required_scopes]


def _bundle(world: World, request: int) -> Act:
    sent = [
        observation(world.caller, f"new-{n:03d}", f"p-{n:06d}" if n % 2 else f"q-{n:06d}")
        for n in range(1, request + 1)
    ]
    return lambda: expect(send(world.api, bundle(*sent)), 200)


def _read(world: World, *parts: str, **query: str) -> Act:
    return lambda: expect(world.api.get("/".join(("/fhir/Observation", *parts)), query), 200)


FHIR: Mapping[str, Action] = {
    "POST fhir": Action(_bundle, bulk=True),
    "GET fhir-observations": Action(lambda w, _: _read(w, patient=_patient(w))),
    "GET fhir-observation": Action(lambda w, _: _read(w, str(w.key(rows.MEASUREMENT, 11)))),
}
