"""Observations that were entered in error: the reason that stands, and what is said of the others."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from observations.intake import Sender, enter_in_error
from observations.models import Correction, MeasurementSource
from tests.factories import Caller
from tests.observations.fhir.bodies import CUFF, bundle, issues, observation, send, statuses
from tests.observations.fhir.conftest import ValidatingClient


def retraction(caller: Caller, note: str | None, name: str = "m-1", **fields: Any) -> dict[str, Any]:
    notes = None if note is None else [{"text": note}]
    return observation(caller, name, status="entered-in-error", note=notes, **fields)


def not_kept(answer: Any) -> list[list[str]]:
    """The elements that each entry's answer says were not kept."""
    return [
        [
            path.rpartition(".")[2]
            for issue in entry["response"]["outcome"]["issue"]
            if issue["details"]["coding"][0]["code"] == "not-kept"
            for path in issue["expression"]
        ]
        for entry in answer.json()["entry"]
    ]


def reasons() -> list[str]:
    return list(Correction.objects.order_by("target_client_id").values_list("reason", flat=True))


def test_the_note_that_becomes_the_reason_is_not_said_to_be_lost(
    api: ValidatingClient, caller: Caller
) -> None:
    more: dict[str, Any] = {"device": {"display": "A cuff"}}
    # Nothing that could be a reason is in the second.
    answer = send(
        api, bundle(retraction(caller, "Another\npatient", **more), retraction(caller, " ", "m-2", **more))
    )
    assert reasons()[0] == "Another patient"
    assert not_kept(answer) == [["device"], ["device", "note"]]
    assert issues(answer.json()["entry"][1]["response"]["outcome"])[1] == (
        "information",
        "not-kept",
        "Bundle.entry[1].resource.device",
    )


@pytest.mark.parametrize(
    ("first", "note", "told"),
    [
        ("The cuff was loose", "The wrong arm", ["note"]),
        ("The cuff was loose", "The cuff\nwas  loose", []),
        ("x" * 600, "x" * 500, []),
        ("The cuff was loose", " ", ["note"]),
        ("The cuff was loose", None, []),
        (None, "The wrong arm", ["note"]),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_note_is_said_to_be_lost_unless_it_is_the_reason_that_stands(
    api: ValidatingClient, caller: Caller, first: str | None, note: str | None, told: list[str]
) -> None:
    send(api, bundle(retraction(caller, first)))
    standing = reasons()
    answer = send(api, bundle(retraction(caller, note)))
    assert statuses(answer) == ["200 OK"]
    assert not_kept(answer) == [told]
    assert reasons() == standing, "what was said first stands"


def test_what_was_said_by_another_way_stands_as_well(api: ValidatingClient, caller: Caller) -> None:
    enter_in_error(
        organisation_id=caller.organisation.id,
        client_id=f"{CUFF}|m-1",
        reason="The wrong arm",
        sender=Sender(MeasurementSource.STAFF),
    )
    answer = send(api, bundle(retraction(caller, "The cuff was loose"), retraction(caller, "The wrong arm")))
    assert statuses(answer) == ["200 OK", "200 OK"]
    assert not_kept(answer) == [["note"], []]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_within_a_bundle_the_first_note_is_the_reason_and_the_others_are_lost(
    api: ValidatingClient, caller: Caller, kind: str
) -> None:
    notes = ("The wrong arm", "The cuff was loose", "The wrong arm")
    answer = send(api, bundle(*(retraction(caller, note) for note in notes), kind=kind))
    assert not_kept(answer) == [[], ["note"], []]
    assert reasons() == ["The wrong arm"]


def queries_of(api: ValidatingClient, *resources: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert {status[:2] for status in statuses(send(api, bundle(*resources)))} == {"20"}
    return len(captured)


def test_only_what_is_said_again_with_a_note_takes_a_statement_more_and_many_take_one(
    api: ValidatingClient, caller: Caller
) -> None:
    def said(note: str | None, *numbers: int) -> list[dict[str, Any]]:
        return [retraction(caller, note, f"m-{number}") for number in numbers]

    send(api, bundle(*said("Wrong", 0)))
    new = queries_of(api, *said(None, 1))
    assert queries_of(api, *said("Wrong", *range(2, 40))) == new
    # Of what is not new no job is written.
    again = queries_of(api, *said(None, *range(40)))
    assert again < new
    assert queries_of(api, *said("Loose", *range(40))) == queries_of(api, *said("Loose", 7)) == again + 1
