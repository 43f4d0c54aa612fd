"""Requests of which nothing was taken are counted by client, field and reason, whatever they were to store."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from clinical_engine.api.parsers import BATCH_BODY, BULK_BODY, SMALL_BODY
from clinical_engine.common.database import execute, fetch_all
from clinical_engine.common.errors import Refusal
from observations.intake.refusals import count_request
from observations.models import RefusalCount
from submitters.models import ApiClient
from tests.api.bodies import batch, fact, facts, item, post, reading, readings, statement
from tests.api.contract import DescribedClient, client_of
from tests.api.idempotency import REQUESTS, kind_of_problem, with_key
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, observation
from tests.patients.concurrency import Threads, uncommitted

STRANGER = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b"
# Where each of them can be reached, without anything stored.
ADDRESSES = {
    "/api/v1/activations": SMALL_BODY,
    "/api/v1/deactivations": SMALL_BODY,
    "/api/v1/activations/batch": BATCH_BODY,
    "/api/v1/deactivations/batch": BATCH_BODY,
    "/api/v1/moves": SMALL_BODY,
    "/api/v1/measurements": BULK_BODY,
    f"/api/v1/measurements/{STRANGER}/entered-in-error": SMALL_BODY,
    "/api/v1/measurements/entered-in-error": SMALL_BODY,
    "/api/v1/facts": BULK_BODY,
    f"/api/v1/facts/{STRANGER}/entered-in-error": SMALL_BODY,
    "/api/v1/facts/entered-in-error": SMALL_BODY,
    "/fhir/": BULK_BODY,
}
every_address = pytest.mark.parametrize("path", ADDRESSES)
every_key = pytest.mark.parametrize("key", [None, "a-key"], ids=["without a key", "with a key"])


def counts() -> dict[tuple[str, str], int]:
    """How often, by field and reason; all of them of the only client that there is, and of no organisation."""
    rows = list(RefusalCount.objects.all())
    assert {row.api_client for row in rows} <= {ApiClient.objects.get()}
    assert {row.organisation for row in rows} <= {None}
    return {(row.field, row.reason): row.number for row in rows}


def sent(api: Client, path: str, body: bytes | str, key: str | None = None, **headers: str) -> Any:
    """The answer to a body as it is."""
    media_type = headers.pop("media_type", "application/json")
    named = {"Idempotency-Key": key} if key else {}
    return api.post(path, body, content_type=media_type, headers={**named, **headers})


@every_key
@every_address
def test_what_cannot_be_read_is_counted_once_for_every_time(
    api: DescribedClient, caller: Caller, path: str, key: str | None
) -> None:
    for _ in range(2):
        assert sent(api, path, "{", key).status_code == 400
    assert sent(api, path, b" " * (ADDRESSES[path] + 1), key).status_code == 413
    assert sent(api, path, "<a/>", key, media_type="text/xml").status_code == 415
    # The description lists no 406.
    plain = Client(headers={"Authorization": f"Bearer {caller.key}"})
    assert sent(plain, path, "{}", key, Accept="image/png").status_code == 406
    assert counts() == {
        ("body", "no_json"): 2,
        ("body", "body_too_large"): 1,
        ("Content-Type", "unsupported_media_type"): 1,
        ("Accept", "not_acceptable"): 1,
    }


@every_key
@every_address
@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_compressed_body_is_refused_unread_and_clearly_and_counted(
    api: DescribedClient, path: str, key: str | None, coding: str
) -> None:
    answer = sent(api, path, gzip.compress(b"{}"), key, **{"Content-Encoding": coding})
    assert answer.status_code == 422
    assert "Must be sent without compression." in answer.content.decode()
    assert counts() == {("body", "compressed"): 1}


@every_key
@every_address
def test_a_frame_that_is_not_as_described_is_counted_by_its_fields(
    api: DescribedClient, path: str, key: str | None
) -> None:
    assert sent(api, path, "{}", key).status_code == 422
    assert counts()
    assert {reason for _, reason in counts()} == {"missing"}
    assert all(field for field, _ in counts())


@every_address
def test_a_key_without_the_scope_is_counted_and_one_that_is_none_cannot_be(caller: Caller, path: str) -> None:
    ApiClient.objects.update(scopes=["jobs:read"])
    assert sent(client_of(caller), path, "{}").status_code == 403
    assert sent(Client(headers={"Authorization": "Bearer ce_nobody"}), path, "{}").status_code == 401
    assert counts() == {("", "permission_denied"): 1}


@pytest.mark.parametrize("operation", REQUESTS)
def test_what_is_wrong_with_the_idempotency_key_is_counted(
    api: DescribedClient, caller: Caller, operation: str
) -> None:
    path, body = REQUESTS[operation](caller)
    assert with_key(api, path, body, "not a key").status_code == 400
    assert with_key(api, path, body).status_code == 202
    assert kind_of_problem(with_key(api, path, {**body, "more": 1})) == (422, "idempotency-key-reused")
    assert counts() == {
        ("Idempotency-Key", "idempotency_key_invalid"): 1,
        ("Idempotency-Key", "idempotency_key_reused"): 1,
    }


@every_key
def test_a_measurement_or_submitter_that_is_not_the_senders_is_counted(
    api: DescribedClient, caller: Caller, key: str | None
) -> None:
    wrong = f"/api/v1/measurements/{STRANGER}/entered-in-error"
    assert sent(api, wrong, json.dumps({"reason": "Wrong patient"}), key).status_code == 404
    body = json.dumps(statement(caller, submitter=STRANGER))
    assert sent(api, "/api/v1/activations", body, key).status_code == 422
    assert counts() == {("", "not_found"): 1, ("submitter", "unknown_submitter"): 1}


def test_an_address_that_there_is_not_is_no_request_to_store_anything(caller: Caller) -> None:
    plain = Client(headers={"Authorization": f"Bearer {caller.key}"})
    assert sent(plain, "/api/v1/measurements/xyz/entered-in-error", "{}").status_code == 404
    assert counts() == {}


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        ("?as_of=yesterday", ("as_of", "invalid")),
        ("?as_of=2026-03-01T00:00:00Z&dryrun=true", ("", "unknown_parameter")),
        ("?as_of=2999-03-01T00:00:00Z", ("as_of", "in_the_future")),
    ],
)
def test_rosters_that_are_not_taken_are_counted(
    api: DescribedClient, caller: Caller, path: str, counted: tuple[str, str]
) -> None:
    address = f"/api/v1/submitters/{caller.submitter.id}/roster{path}"
    assert api.put(address, "{}", content_type="application/x-ndjson").status_code == 422
    assert counts() == {counted: 1}


def test_a_roster_of_another_media_type_or_as_of_before_the_last_is_counted(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    def put(as_of: str, media_type: str = "application/x-ndjson") -> int:
        address = f"/api/v1/submitters/{caller.submitter.id}/roster?as_of={as_of}"
        answer = api.put(address, '{"external_id": "p-1"}\n', content_type=media_type)
        return int(answer.status_code)

    assert put("2026-03-02T00:00:00Z", "text/plain") == 415
    assert put("2026-03-02T00:00:00Z") == 202
    assert put("2026-03-03T00:00:00Z") == 409, "to be sent again when the other one is done: nothing is lost"
    work()
    assert put("2026-03-01T00:00:00Z") == 409
    assert counts() == {("Content-Type", "unsupported_media_type"): 1, ("as_of", "older_roster"): 1}


@every_key
def test_statements_and_facts_that_are_refused_beside_others_are_counted_once(
    api: DescribedClient, caller: Caller, key: str | None
) -> None:
    contradicting = [item("s-3", "p-3"), item("s-4", "p-3", effective_at="2026-04-01T00:00:00Z")]
    sent_items = batch(caller, item(), item("s-2", effective_at="2026-03-01T00:00:00"), *contradicting)
    sent_facts = facts(caller, fact(), fact("f-2", "shoe_size", 43), fact("f-3", value="?"))
    for path, body in (("activations/batch", sent_items), ("facts", sent_facts)):
        for _ in range(2 if key else 1):
            # The second one is the answer to the first.
            answer = sent(api, f"/api/v1/{path}", json.dumps(body), key and f"{key}-{path}")
            assert answer.status_code == 422
    rows = RefusalCount.objects.all()
    assert {(row.organisation, row.api_client) for row in rows} == {
        (caller.organisation, ApiClient.objects.get())
    }
    assert {(row.field, row.reason): row.number for row in rows} == {
        ("effective_at", "time_zone_missing"): 1,
        ("effective_at", "contradicts_another_item"): 2,
        ("name", "unknown_fact"): 1,
        ("value", "unknown_value"): 1,
    }


def test_conflicts_and_what_only_asks_are_not_counted(api: DescribedClient, caller: Caller) -> None:
    post(api, "activations", statement(caller))
    assert post(api, "activations", statement(caller, external_id="p-2")).status_code == 409
    assert post(api, "patients/lookup", "{").status_code == 400
    assert api.get("/api/v1/measurements").status_code == 422
    assert api.get(f"/api/v1/jobs/{STRANGER}").status_code == 404
    assert counts() == {}


def test_no_field_that_the_sender_made_up_is_kept_by_its_name(api: DescribedClient, caller: Caller) -> None:
    name = "Zaphrasia"
    post(api, "activations", statement(caller, **{name: name}))
    post(api, "activations/batch", batch(caller, item(), **{name: name}))
    post(api, "measurements", readings(caller, reading()) | {name: name})
    sent(api, "/fhir", json.dumps(bundle(observation(caller)) | {name: name}))
    assert name not in str(fetch_all("SELECT row_to_json(row)::text FROM observations_refusalcount row"))
    assert counts() == {("", "invalid"): 4}


def test_a_request_is_answered_also_when_it_cannot_be_counted(
    committed_caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    [client] = ApiClient.objects.all()
    # This connection waits for a lock for a moment only, instead of for seconds.
    execute("SET lock_timeout = '50ms'")
    same = Refusal("body", "no_json", "")
    try:
        with Threads(1) as threads, uncommitted(threads, lambda: count_request(client.pk, [same])):
            answer = post(client_of(committed_caller), "activations", "{")
    finally:
        # Not with what the test set to the connections of later tests.
        connection.close()
    assert kind_of_problem(answer) == (400, "parse-error")
    assert "A refused request was not counted" in caplog.text
    assert counts() == {("body", "no_json"): 1}, "the other one's"
