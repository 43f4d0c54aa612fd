"""Many statements at once by the API: an answer for each, and one that is refused does not touch the others."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinical_engine.api.parsers import BATCH_BODY
from patients.models import Association, Patient, Statement, StatementConflict
from tests import factories
from tests.api.bodies import batch, errors, item, outcomes, post, statement
from tests.api.contract import DescribedClient
from tests.factories import Caller

MARK = "MARKED77531"
BOTH = pytest.mark.parametrize("kind", ["activation", "deactivation"])


@BOTH
def test_every_statement_of_a_batch_is_stored_and_answered_with_the_job_to_poll(
    api: DescribedClient, caller: Caller, kind: str
) -> None:
    sent = [item("s-2", "p-2", effective_at="2026-03-02T08:00:00Z"), item("s-1", "p-1")]
    answer = post(api, f"{kind}s/batch", batch(caller, *sent))
    assert answer.status_code == 202
    stored = {row.client_id: row for row in Statement.objects.select_related("patient")}
    assert answer.json()["results"] == [
        {
            "client_id": said["client_id"],
            "outcome": "accepted",
            "statement": str(stored[said["client_id"]].id),
            "patient": str(stored[said["client_id"]].patient_id),
            "job": str(stored[said["client_id"]].job_id),
        }
        for said in sent
    ]
    first = stored["s-1"]
    assert (first.kind, first.source, first.submitter_id) == (kind, "api", caller.submitter.id)
    assert (first.patient.external_id, first.effective_at.isoformat()) == ("p-1", "2026-02-28T23:00:00+00:00")
    assert api.get(f"/api/v1/jobs/{first.job_id}").json()["state"] == "available"


def test_a_batch_links_and_another_unlinks_its_patients(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    names = [f"p-{number}" for number in range(250)]
    post(api, "activations/batch", batch(caller, *(item(f"on-{name}", name) for name in names)))
    work()
    assert Association.objects.filter(dissociated_at=None, submitter=caller.submitter).count() == 250
    later = "2026-04-01T00:00:00Z"
    ended = [item(f"off-{name}", name, effective_at=later) for name in names]
    post(api, "deactivations/batch", batch(caller, *ended))
    work()
    assert Association.objects.filter(dissociated_at=later).count() == 250
    assert not Statement.objects.filter(fulfilled_at=None).exists()


def test_each_item_has_its_own_outcome(api: DescribedClient, caller: Caller) -> None:
    post(api, "activations", statement(caller, "known", "p-1"))
    answer = post(
        api,
        "activations/batch",
        batch(
            caller,
            item("new", "p-2"),
            item("known", "p-1"),
            item("known", "p-3"),
            item("bad", "p-4", effective_at="1880-01-01T00:00:00Z"),
            item("worse", ""),
        ),
    )
    assert answer.status_code == 422
    assert outcomes(answer) == ["accepted", "duplicate", "conflict", "refused", "refused"]
    assert errors(answer) == [
        (2, "client_id", "conflict"),
        (3, "effective_at", "too_early"),
        (4, "external_id", "empty"),
    ]
    known = Statement.objects.get(client_id="known")
    results = answer.json()["results"]
    assert results[1]["statement"] == results[2]["statement"] == str(known.id)
    assert results[1]["job"] == str(known.job_id)
    assert set(Statement.objects.values_list("client_id", flat=True)) == {"known", "new"}
    # A refused statement makes no patient.
    assert not Patient.objects.filter(external_id="p-4").exists()


def test_conflicts_alone_are_answered_with_409_and_kept_once_for_staff(
    api: DescribedClient, caller: Caller
) -> None:
    post(api, "activations/batch", batch(caller, item("s-1", "p-1"), item("s-2", "p-2")))
    for _ in range(2):
        answer = post(api, "deactivations/batch", batch(caller, item("s-1", "p-1"), item("s-3", "p-3")))
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:clinical-engine:problem:client-id-conflict"
    [kept] = StatementConflict.objects.all()
    assert (kept.kind, kept.external_id, kept.statement.client_id) == ("deactivation", "p-1", "s-1")


def test_a_batch_sent_again_is_all_duplicates_with_the_ids_of_the_first(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    sent = batch(caller, *(item(f"s-{number}", f"p-{number}") for number in range(20)))
    first = post(api, "activations/batch", sent).json()["results"]
    work()
    again = post(api, "activations/batch", sent)
    assert again.status_code == 202
    assert again.json()["results"] == [result | {"outcome": "duplicate"} for result in first]
    assert work() == 0


def test_of_the_same_client_id_twice_in_a_batch_the_first_stands(
    api: DescribedClient, caller: Caller
) -> None:
    twice = [item("twice", "p-1"), item("twice", "p-1"), item("twice", "p-2")]
    answer = post(api, "activations/batch", batch(caller, *twice))
    assert outcomes(answer) == ["accepted", "duplicate", "conflict"]
    assert Statement.objects.get().patient.external_id == "p-1"


def test_of_a_patient_with_different_times_nothing_is_stored(api: DescribedClient, caller: Caller) -> None:
    sent = [
        item("s-1", "p-1"),
        item("s-2", "p-2"),
        item("s-3", "p-1", effective_at="2026-03-01T00:00:01+01:00"),
        item("s-4", "p-1"),
    ]
    answer = post(api, "activations/batch", batch(caller, *sent))
    assert answer.status_code == 422
    assert outcomes(answer) == ["refused", "accepted", "refused", "refused"]
    assert errors(answer) == [
        (position, "effective_at", "contradicts_another_item") for position in (0, 2, 3)
    ]
    assert not Patient.objects.filter(external_id="p-1").exists()


def test_a_patient_twice_at_the_same_instant_is_fine(api: DescribedClient, caller: Caller) -> None:
    twice = [item("s-1"), item("s-2", effective_at="2026-02-28T23:00:00Z")]
    answer = post(api, "activations/batch", batch(caller, *twice))
    assert outcomes(answer) == ["accepted", "accepted"]
    assert Patient.objects.count() == 1


def test_an_item_that_is_refused_anyway_contradicts_nothing(api: DescribedClient, caller: Caller) -> None:
    sent = [item("s-1"), item("s-2", effective_at="1880-01-01T00:00:00Z"), item("s-3") | {"effective_at": 7}]
    answer = post(api, "activations/batch", batch(caller, *sent))
    assert outcomes(answer) == ["accepted", "refused", "refused"]


def test_nine_minutes_in_the_future_is_accepted_and_eleven_is_not(
    api: DescribedClient, caller: Caller
) -> None:
    now = timezone.now()
    items = [
        item(f"s-{minutes}", f"p-{minutes}", effective_at=(now + timedelta(minutes=minutes)).isoformat())
        for minutes in (9, 11)
    ]
    answer = post(api, "activations/batch", batch(caller, *items))
    assert outcomes(answer) == ["accepted", "refused"]
    assert errors(answer) == [(1, "effective_at", "in_the_future")]


WHOLE: dict[str, tuple[Any, int, str]] = {
    "no body": (b"", 422, "body"),
    "cut off": (b'{"submitter": ', 400, ""),
    "no UTF-8": (b"\xff\xfe\x00", 400, ""),
    "nested for ever": (b'{"statements": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}", 422, "submitter"),
    "nested and never closed": (b'{"statements": [' + b"[" * 100_000 + b"]}", 400, ""),
    "a list": ([], 422, "body"),
    "no submitter": ({"statements": [{}]}, 422, "submitter"),
    "submitter no UUID": ({"submitter": MARK, "statements": [{}]}, 422, "submitter"),
    "no statements": ({"submitter": "SUBMITTER"}, 422, "statements"),
    "statements null": ({"submitter": "SUBMITTER", "statements": None}, 422, "statements"),
    "statements a record": ({"submitter": "SUBMITTER", "statements": {}}, 422, "statements"),
    "no statement": ({"submitter": "SUBMITTER", "statements": []}, 422, "statements"),
    "10,001 statements": ({"submitter": "SUBMITTER", "statements": [{}] * 10_001}, 422, "statements"),
    "millions of commas": (b'{"statements": [' + b"1," * 1_000_001 + b"1]}", 422, "body"),
    "unknown field": ({"submitter": "SUBMITTER", "statements": [{}], "note": MARK}, 422, "note"),
    "17 MB": (b" " * (BATCH_BODY + 1), 413, ""),
}


@pytest.mark.parametrize(("body", "status", "field"), WHOLE.values(), ids=WHOLE)
def test_a_request_that_cannot_be_read_is_refused_as_a_whole(
    api: DescribedClient, caller: Caller, body: Any, status: int, field: str
) -> None:
    text = body if isinstance(body, bytes) else json.dumps(body)
    if isinstance(text, str):
        text = text.replace("SUBMITTER", str(caller.submitter.id))
    answer = post(api, "activations/batch", text)
    assert answer.status_code == status
    assert [error["field"] for error in answer.json().get("errors", [])] == [field][: bool(field)]
    assert MARK not in answer.content.decode()
    assert not Statement.objects.exists()


def test_a_submitter_of_another_organisation_is_as_unknown_as_one_that_does_not_exist(
    api: DescribedClient, caller: Caller
) -> None:
    answers = [
        post(api, "activations/batch", batch(caller, item(), submitter=str(identifier)))
        for identifier in (factories.submitter().id, "0190a0a0-0000-7000-8000-000000000000")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["errors"][0]["code"] == "unknown_submitter"
    assert not Patient.objects.exists()


def test_ten_thousand_statements_with_the_longest_ids_go_in_one_request_in_as_many_queries_as_one(
    api: DescribedClient, caller: Caller
) -> None:
    with CaptureQueriesContext(connection) as alone:
        post(api, "activations/batch", batch(caller, item("alone", "alone")))
    # Each of the 128 characters takes four bytes.
    longest = [
        f"{number:05}".translate(_LARGE).ljust(128, "\N{LINEAR B SYLLABLE B008 A}")
        for number in range(10_000)
    ]
    body = json.dumps(batch(caller, *(item(name, name) for name in longest)), ensure_ascii=False).encode()
    with CaptureQueriesContext(connection) as together:
        answer = post(api, "activations/batch", body)
    assert answer.status_code == 202
    assert outcomes(answer) == ["accepted"] * 10_000
    assert len(together) == len(alone)
    assert Patient.objects.count() == 10_001


_LARGE = str.maketrans({str(digit): chr(0x1D7CE + digit) for digit in range(10)})
