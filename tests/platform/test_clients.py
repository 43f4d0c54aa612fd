"""API clients: keys that only their owner knows, scopes, and the organisations a client may act for."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from clinical_engine.api.scopes import SCOPES
from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import fetch_all
from clinical_engine.common.errors import RefusedError
from observations.models import Measurement
from patients.models import Statement
from submitters.keys import hash_key, new_key, prefix_of
from submitters.models import ApiClient, Organisation
from submitters.selectors import access_by_key
from submitters.services import create_api_client, revoke_api_client
from tests import factories

pytestmark = pytest.mark.django_db


def create(**fields: Any) -> tuple[ApiClient, str]:
    given = {"actor": None, "name": "Vitals", "scopes": ["jobs:read"], "organisations": [], **fields}
    return create_api_client(**given)


def test_a_key_is_kept_as_a_hash_only() -> None:
    client, key = create()
    [(stored,)] = fetch_all("SELECT row_to_json(c)::text FROM submitters_apiclient c")
    assert key not in stored
    assert key[len(prefix_of(key)) :] not in stored
    assert (client.key_hash, client.key_prefix) == (hash_key(key), prefix_of(key))
    assert key not in json.dumps(list(AuditEntry.objects.values("details", "reason", "target_id")))


def test_the_database_refuses_a_key_that_is_not_hashed() -> None:
    client, key = create()
    with pytest.raises(IntegrityError, match="api_client_key_is_hashed"), transaction.atomic():
        ApiClient.objects.filter(pk=client.pk).update(key_hash=key)


def test_keys_are_long_and_never_the_same() -> None:
    keys = {new_key() for _ in range(1000)}
    assert len(keys) == len({prefix_of(key) for key in keys}) == 1000
    assert all(len(key) > 40 and key.startswith("ce_") for key in keys)


def test_a_key_opens_what_its_client_may_do_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    organisations = [factories.organisation() for _ in range(30)]
    client, key = create(scopes=SCOPES, organisations=organisations)
    with django_assert_num_queries(1):
        access = access_by_key(key)
    assert access is not None
    assert access.api_client_id == client.pk
    assert access.scopes == SCOPES.keys()
    assert access.organisation_ids == {organisation.pk for organisation in organisations}


def test_a_client_without_organisations_may_act_for_none() -> None:
    access = access_by_key(create()[1])
    assert access is not None
    assert access.organisation_ids == frozenset()


def test_a_key_with_the_beginning_of_another_opens_nothing() -> None:
    _, key = create()
    assert access_by_key(prefix_of(key)) is None
    assert access_by_key(prefix_of(key) + "x" * 31) is None
    assert access_by_key(key + "x") is None
    assert access_by_key("") is None


def test_an_unknown_scope_is_refused_and_nothing_is_created() -> None:
    with pytest.raises(RefusedError, match="jobs:raed"):
        create(scopes=["jobs:read", "jobs:raed"])
    assert not ApiClient.objects.exists()
    assert not AuditEntry.objects.exists()


def test_creating_and_revoking_leave_entries_that_say_who_and_why() -> None:
    person = User.objects.create_user("support")
    client, key = create(actor=person)
    assert revoke_api_client(actor=person, client=client, reason="Lost laptop")
    created, revoked = AuditEntry.objects.order_by("id")
    assert (created.actor, created.action, created.target_id) == (person, "api_client.create", str(client.pk))
    assert created.details == {"scopes": ["jobs:read"]}
    assert (revoked.actor, revoked.action, revoked.reason) == (person, "api_client.revoke", "Lost laptop")
    assert access_by_key(key) is None


def test_a_client_is_revoked_once_and_keeps_the_first_time() -> None:
    person = User.objects.create_user("support")
    client, _ = create()
    earlier = timezone.now() - timedelta(days=1)
    ApiClient.objects.update(revoked_at=earlier)
    assert not revoke_api_client(actor=person, client=client, reason="Again")
    client.refresh_from_db()
    assert client.revoked_at == earlier
    assert AuditEntry.objects.filter(action="api_client.revoke").count() == 0


def activation(submitter_id: UUID) -> dict[str, str]:
    return {
        "client_id": "a-1",
        "submitter": str(submitter_id),
        "external_id": "p-1",
        "effective_at": "2026-03-01T00:00:00Z",
    }


def measurements(organisation: Organisation) -> dict[str, object]:
    reading = {"client_id": "m-1", "external_id": "p-1", "code": "2339-0", "value": 100, "unit": "mg/dL"}
    return {
        "organisation": str(organisation.pk),
        "measurements": [{**reading, "measured_at": "2026-03-02T00:00:00Z"}],
    }


def test_a_client_cannot_write_for_an_organisation_of_somebody_else(api: Client) -> None:
    stranger = factories.submitter()
    for path, body in (
        ("activations", activation(stranger.pk)),
        ("deactivations", activation(stranger.pk)),
        ("measurements", measurements(stranger.organisation)),
    ):
        answer = api.post(f"/api/v1/{path}", body, content_type="application/json")
        assert answer.status_code == 422, answer.content
    assert not Statement.objects.exists()
    assert not Measurement.objects.exists()


def test_a_client_cannot_tell_a_stranger_from_nobody(api: Client) -> None:
    stranger = factories.caller()
    theirs = Client(headers={"Authorization": f"Bearer {stranger.key}"})
    sent = theirs.post(
        "/api/v1/activations", activation(stranger.submitter.pk), content_type="application/json"
    ).json()
    sent_measurements = theirs.post(
        "/api/v1/measurements", measurements(stranger.organisation), content_type="application/json"
    )
    assert sent_measurements.status_code == 202
    nobody = UUID(int=7)

    def answers(patient: object, job: object, organisation: object) -> list[tuple[int, bytes]]:
        lookup = {"organisation": str(organisation), "external_id": "p-1"}
        responses = [
            api.get(f"/api/v1/patients/{patient}"),
            api.get(f"/api/v1/jobs/{job}"),
            api.get(f"/api/v1/measurements?patient={patient}"),
            api.get(f"/api/v1/observations?patient={patient}"),
            api.post("/api/v1/patients/lookup", lookup, content_type="application/json"),
        ]
        return [(response.status_code, response.content) for response in responses]

    assert theirs.get(f"/api/v1/patients/{sent['patient']}").status_code == 200
    assert theirs.get(f"/api/v1/jobs/{sent['job']}").status_code == 200
    assert answers(sent["patient"], sent["job"], stranger.organisation.pk) == answers(nobody, nobody, nobody)


def test_a_client_loses_an_organisation_at_its_next_request(caller: factories.Caller, api: Client) -> None:
    first = api.post("/api/v1/activations", activation(caller.submitter.pk), content_type="application/json")
    location = first.headers["Location"]
    assert api.get(location).status_code == 200
    ApiClient.objects.get().organisations.clear()
    assert api.get(location).status_code == 404
