"""A marked patient and a marked number, sent through everything that takes something."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from observations.models import Measurement, Observation
from patients.models import Patient, PatientFact, Roster, Statement
from tests import factories
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, observation, quantity
from tests.observations.importing.support import item, ndjson, received

MARK = "Zaphrasia-4711"
NUMBER = "123.4567890123"


def requests_with_the_mark(caller: Caller) -> Iterator[tuple[str, str, Any]]:
    """(method, address, body) of requests that carry the marks wherever something can be sent; the later need the earlier."""
    organisation, submitter = str(caller.organisation.id), str(caller.submitter.id)
    statement = {
        "client_id": f"s-{MARK}",
        "submitter": submitter,
        "external_id": MARK,
        "effective_at": "2026-03-01T00:00:00Z",
    }
    reading = {
        "client_id": f"m-{MARK}",
        "external_id": MARK,
        "code": "2339-0",
        "value": float(NUMBER),
        "unit": "mg/dL",
        "measured_at": "2026-03-02T00:00:00Z",
    }
    measurements = {"organisation": organisation, "measurements": [reading]}
    yield "POST", "activations", statement
    yield "POST", "activations", statement
    yield "POST", "activations", {**statement, "external_id": f"{MARK}-other"}
    yield "POST", "activations", {**statement, "effective_at": MARK}
    yield "POST", "activations", f'{{"external_id": "{MARK}'
    yield (
        "POST",
        "deactivations",
        {**statement, "client_id": f"d-{MARK}", "effective_at": "2026-03-05T00:00:00Z"},
    )
    yield "POST", "measurements", measurements
    yield "POST", "measurements", measurements
    yield "POST", "measurements", {**measurements, "measurements": [{**reading, "value": 7}]}
    yield "POST", "measurements", {**measurements, "measurements": [{**reading, "unit": MARK, MARK: MARK}]}
    yield "POST", "measurements", {**measurements, MARK: MARK}
    yield from of_other_kinds(organisation, reading)
    yield from corrections_with_the_mark(organisation)
    yield from facts_with_the_mark(organisation)
    yield "POST", "patients/lookup", {"organisation": organisation, "external_id": MARK}
    yield "POST", "patients/lookup", {"organisation": MARK, "external_id": MARK}
    patient = Patient.objects.get(external_id=MARK).id
    yield "GET", f"patients/{patient}", None
    yield "GET", f"patients/{patient}?name={MARK}", None
    yield "GET", f"measurements?patient={patient}&code={MARK}", None
    yield "GET", f"measurements?patient={patient}&cursor={MARK}", None
    yield "GET", f"measurements?patient={MARK}", None
    yield "GET", f"observations?patient={patient}&since={MARK}", None
    yield "GET", f"observations?{MARK}={MARK}", None
    yield "GET", f"patients/{MARK}", None
    yield "GET", f"jobs/{MARK}/{NUMBER}", None
    yield from lists_with_the_mark(caller)
    yield from results_with_the_mark(patient)


def of_other_kinds(organisation: str, reading: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Readings that are no number, taken and refused."""
    plain = {name: reading[name] for name in reading if name not in {"value", "unit"}}
    part = {"code": "8480-6", "value": float(NUMBER), "unit": "mm[Hg]"}
    other = {"code": "8462-4", "value": float(NUMBER), "unit": "mm[Hg]"}
    items = [
        {**plain, "client_id": f"t-{MARK}", "code": "patient-note", "value": MARK},
        {**plain, "client_id": f"p-{MARK}", "code": "85354-9", "components": [part, other]},
        {**plain, "client_id": f"q-{MARK}", "code": "85354-9", "components": [{**part, "unit": MARK}]},
        {**plain, "client_id": f"r-{MARK}", "code": "85354-9", "components": [{MARK: MARK}, part]},
        {**plain, "client_id": f"a-{MARK}", "code": "44250-9", "value": MARK},
        {**plain, "client_id": f"c-{MARK}", "code": MARK, "value": MARK},
    ]
    for each in items:
        yield "POST", "measurements", {"organisation": organisation, "measurements": [each]}


def corrections_with_the_mark(organisation: str) -> Iterator[tuple[str, str, Any]]:
    """What takes readings back, taken and refused."""
    said = {"organisation": organisation, "client_id": f"t-{MARK}", "reason": MARK}
    yield "POST", "measurements/entered-in-error", said
    yield "POST", "measurements/entered-in-error", {**said, "client_id": f"never-{MARK}"}
    yield "POST", "measurements/entered-in-error", {**said, "reason": f"{MARK}\n", MARK: MARK}
    yield "POST", "measurements/entered-in-error", {**said, "organisation": MARK}
    measurement = Measurement.objects.get(client_id=f"p-{MARK}").id
    yield "POST", f"measurements/{measurement}/entered-in-error", {"reason": MARK}
    yield "POST", f"measurements/{measurement}/entered-in-error", {MARK: MARK}


def facts_with_the_mark(organisation: str) -> Iterator[tuple[str, str, Any]]:
    """Facts, taken, in conflict and refused, and what takes them back."""
    fact = {
        "client_id": f"f-{MARK}",
        "external_id": MARK,
        "name": "birth_year",
        "value": 1950,
        "effective_from": "1950-01-01T00:00:00Z",
    }
    others = ({"value": 1951}, {"value": MARK}, {"name": MARK}, {"effective_from": MARK}, {MARK: MARK})
    for changed in ({}, *others):
        yield "POST", "facts", {"organisation": organisation, "facts": [{**fact, **changed}]}
    said = {"organisation": organisation, "client_id": f"f-{MARK}", "reason": MARK}
    yield "POST", "facts/entered-in-error", said
    yield "POST", "facts/entered-in-error", {**said, "reason": f"{MARK}\n"}
    yield "POST", f"facts/{MARK}/entered-in-error", {"reason": MARK}


def lists_with_the_mark(caller: Caller) -> Iterator[tuple[str, str, Any]]:
    """Batches, moves and rosters, taken and refused."""
    other = factories.submitter(caller.organisation)
    said = {"client_id": f"b-{MARK}", "external_id": MARK, "effective_at": "2026-03-03T00:00:00Z"}
    for path in ("activations/batch", "deactivations/batch"):
        items = [{**said, "client_id": f"{path}-{MARK}"}, {**said, "effective_at": MARK}, {MARK: MARK}]
        yield "POST", path, {"submitter": str(caller.submitter.id), "statements": items[:1]}
        yield "POST", path, {"submitter": str(caller.submitter.id), "statements": items}
    moved = {**said, "from_submitter": str(caller.submitter.id), "to_submitter": str(other.id)}
    yield "POST", "moves", moved
    yield "POST", "moves", {**moved, "from_submitter": MARK}
    roster = f"submitters/{caller.submitter.id}/roster"
    line = json.dumps({"external_id": MARK, "active_since": "2026-03-01T00:00:00Z"})
    yield "PUT", f"{roster}?as_of=2026-03-10T12:00:00Z", f"{line}\n{MARK}\n"
    yield "PUT", f"{roster}?as_of={MARK}", line
    for sent in Roster.objects.filter(submitter=caller.submitter):
        yield "GET", f"rosters/{sent.pk}?{MARK}={MARK}", None
    yield "GET", f"jobs/{Statement.objects.filter(patient__external_id=MARK)[0].job_id}?q={MARK}", None


def results_with_the_mark(patient: UUID) -> Iterator[tuple[str, str, Any]]:
    """What is made of the readings."""
    yield "GET", f"observations/changes?cursor={MARK}", None
    yield "GET", f"observations/changes?{MARK}={NUMBER}", None
    for made in Observation.objects.filter(patient=patient)[:1]:
        yield "GET", f"observations/{made.pk}/explanation?q={MARK}", None
    fact = PatientFact.objects.filter(patient=patient).earliest("pk")
    yield "POST", f"facts/{fact.pk}/entered-in-error", {"reason": MARK}


def fhir_requests_with_the_mark(caller: Caller) -> Iterator[tuple[str, str, Any]]:
    """The same for FHIR's addresses, below `/fhir`."""
    value = quantity(float(NUMBER), "mg/dL")
    taken = observation(caller, f"fhir-{MARK}", MARK, valueQuantity=value)
    yield "POST", "/", bundle(taken)
    yield "POST", "/", bundle(taken, observation(caller, MARK, MARK, code={"text": MARK}), {MARK: MARK})
    yield "POST", "/", f'{{"resourceType": "{MARK}'
    patient, reading = Patient.objects.get(external_id=MARK), Measurement.objects.earliest("pk")
    yield "GET", f"/Observation?patient={patient.pk}&code={MARK}", None
    yield "GET", f"/Observation?patient={MARK}", None
    yield "GET", f"/Observation/{reading.pk}?q={MARK}", None
    yield "GET", f"/Observation/{MARK}", None
    yield "GET", f"/Patient/{MARK}", None


def import_with_the_mark(caller: Caller) -> None:
    """A file whose lines are taken and refused, waiting for its job."""
    lines = [item(f"i-{MARK}", MARK, value=float(NUMBER)), item(MARK, MARK, code=MARK), item(MARK, unit=MARK)]
    received(caller.organisation, ndjson(*lines, MARK.encode()))
