"""A marked patient sent through everything that takes something: the mark turns up in nothing that is kept for engineers."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import NoReverseMatch, reverse
from silk.models import Request

from clinical_engine.common.database import fetch_all
from observations.models import Measurement
from patients.models import Patient
from tests import factories

MARK = "Zaphrasia-4711"
NUMBER = "123.4567890123"


def requests_with_the_mark(caller: factories.Caller) -> Iterator[tuple[str, str, Any]]:
    """(method, address, body) of requests that carry the mark wherever something can be sent."""
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
    for item in items:
        yield "POST", "measurements", {"organisation": organisation, "measurements": [item]}


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


def use_the_api(caller: factories.Caller, api: Client) -> None:
    for method, path, body in requests_with_the_mark(caller):
        content = body if isinstance(body, str) else json.dumps(body)
        response = api.generic(
            method, f"/api/v1/{path}", content if body else "", content_type="application/json"
        )
        assert response.status_code < 500, (path, response.content)
    api.get("/api/v1/patients/lookup", headers={"Authorization": f"Bearer {MARK}", "X-Patient": MARK})


def use_the_admin(client: Client) -> None:
    """Logs in with the mark as name and password, then with an account, and searches for it in every list."""
    client.post(reverse("admin:login"), {"username": MARK, "password": MARK})
    client.force_login(User.objects.create_superuser("root", password="x"))
    for model in admin.site._registry:
        try:
            path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        except NoReverseMatch:
            continue
        assert client.get(path).status_code == 200
        assert client.get(path, {"q": MARK}).status_code in {200, 302}
        row = model._default_manager.first()
        if row is not None:
            change = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            assert client.get(change).status_code in {200, 302, 403}
    client.get(f"/admin/patients/{MARK}/")


def silk_rows() -> str:
    tables = fetch_all(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'silk_%%'", []
    )
    assert len(tables) >= 4
    return "\n".join(
        row for (table,) in tables for (row,) in fetch_all(f'SELECT row_to_json(t)::text FROM "{table}" t')
    )


@pytest.mark.usefixtures("profiled", "scripts")
def test_no_name_number_or_id_of_a_patient_reaches_silk_or_a_log(
    caller: factories.Caller, api: Client, client: Client, log: io.StringIO, work: Any
) -> None:
    use_the_api(caller, api)
    work()
    use_the_api(caller, api)
    use_the_admin(client)
    assert Patient.objects.filter(external_id=MARK).exists()
    assert Request.objects.count() > 40
    kept = silk_rows()
    assert "/api/v1/activations" in kept
    assert "patients_patient" in kept
    for secret in (MARK, NUMBER, "123.4567", caller.key, str(caller.submitter.id)):
        assert secret not in kept
        assert secret not in log.getvalue()
    assert "django.request" in log.getvalue()
