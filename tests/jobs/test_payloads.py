"""Payloads: read in every format that was ever written, and set apart where they fit none."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest

from clinical_engine.common.database import execute
from clinical_engine.jobs import ledger, registry
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.payloads.schemas import fields_of
from clinical_engine.jobs.registry import InvalidPayloadError, JobKind
from tests.jobs.stored import store
from tests.jobs.support import Numbered, RegisterKind, attempts_of, job_of, make_due, succeed, work

pytestmark = pytest.mark.usefixtures("committed_db")


class Texted(msgspec.Struct, frozen=True):
    """A payload of any length."""

    text: str


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A newer format of Numbered's."""

    numbers: list[int]


class Nested(msgspec.Struct):
    """A part of a payload."""

    ids: list[int]


class Checked(msgspec.Struct):
    """Its own check quotes what it was given, as checks do."""

    text: str

    def __post_init__(self) -> None:
        raise ValueError(f"{self.text} is wrong")


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """A field of every sort."""

    number: Annotated[int, msgspec.Meta(ge=0)]
    nested: Nested | None = None
    by_id: dict[UUID, int] = {}
    by_name: dict[str, int] = {}
    way: Literal["up", "down"] = "up"
    checked: Checked | None = None
    optional: int | None = None


def to_listed(old: dict[str, int]) -> dict[str, list[int]]:
    return {"numbers": [old["number"]]}


def both_ways(kind: JobKind, payload: object, version: int) -> list[Callable[[], object]]:
    """Reading the payload as an object, and as JSON."""
    text = json.dumps(payload)
    return [partial(kind.decode, payload, version), partial(kind.decode_text, text, version)]


@pytest.mark.parametrize("payload", ['{"number": "x"}', '{"other": 1}', "[1]", '"text"', "null", "7"])
def test_a_payload_that_does_not_fit_waits_for_a_person_and_is_never_claimed_again(
    payload: str, new_kind: RegisterKind
) -> None:
    kind = new_kind(succeed)
    bad, good = store(kind.name, payload, '{"number": 2}')
    assert work(kind) == 2
    job = job_of(bad)
    assert (job.state, job_of(good).state) == ("invalid_payload", "succeeded")
    assert job.finished_at is not None
    assert "payload of format 1 does not fit Numbered" in job.error
    assert attempts_of(bad)[0].error_kind == "invalid_payload"
    make_due(bad)
    assert work(kind) == 0


def test_an_upcaster_that_stumbles_over_one_payload_fails_no_other_job(new_kind: RegisterKind) -> None:
    def upcast(payload: dict[str, int]) -> dict[str, float]:
        return {"number": [0][payload["number"]]}

    kind = new_kind(succeed, version=2, upcasters={1: upcast})
    good, bad = store(kind.name, '{"number": 0}', '{"number": 7}')
    work(kind)
    assert (job_of(good).state, job_of(bad).state) == ("succeeded", "invalid_payload")


def test_an_old_payload_runs_on_a_new_release_and_stays_stored_as_it_came(new_kind: RegisterKind) -> None:
    seen: list[int] = []
    kind = new_kind(
        lambda batch: seen.extend(job.payload.number for job in batch),
        version=3,
        upcasters={1: lambda old: {"count": old["n"]}, 2: lambda old: {"number": old["count"] * 10}},
    )
    [job_id] = store(kind.name, '{"n": 4}')
    work(kind)
    assert seen == [40]
    assert (job_of(job_id).payload, job_of(job_id).payload_version) == ({"n": 4}, 1)


def test_the_database_itself_refuses_to_rewrite_what_was_accepted(new_kind: RegisterKind) -> None:
    [job_id] = store(new_kind(succeed).name, '{"number": 4}')
    for change in ("payload = '{}'", "payload_version = 2"):
        with pytest.raises(Exception, match="never rewritten"):
            execute(f"UPDATE jobs_job SET {change} WHERE id = %s", [job_id])


def test_a_payload_of_more_than_64_kilobytes_is_not_accepted(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed, schema=Texted)
    ledger.enqueue(kind.name, [ledger.NewJob({"text": "x" * 65_000})])
    with pytest.raises(ValueError, match="64 KB"):
        ledger.enqueue(kind.name, [ledger.NewJob({"text": "x" * 66_000})])
    assert Job.objects.count() == 1


def test_a_payload_that_no_worker_could_read_is_not_accepted(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    with pytest.raises(InvalidPayloadError, match="number must be a whole number, not text"):
        ledger.enqueue(kind.name, [ledger.NewJob({"number": 1}), ledger.NewJob({"number": "x"})])
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ({}, "it lacks the field number"),
        ({"number": "a-secret"}, "number must be a whole number, not text"),
        ({"number": -1}, "number must be a whole number >= 0"),
        ({"number": 1, "a-secret": 2}, "it has a field that is unknown"),
        ({"number": 1, "nested": {"ids": [1, "a-secret"]}}, "nested.ids[1] must be a whole number, not text"),
        ({"number": 1, "by_id": {"a-secret": 1}}, "by_id must be a UUID"),
        ({"number": 1, "by_name": {"a-secret": "x"}}, "by_name[...] must be a whole number, not text"),
        ({"number": 1, "way": "a-secret"}, "way is none of the values that are known"),
        ({"number": 1, "checked": {"text": "a-secret"}}, "checked is not as it must be"),
        ({"number": 1, "optional": "a-secret"}, "optional must be a whole number or null, not text"),
        (["a-secret"], "it must be an object, not a list"),
        (None, "it must be an object, not null"),
    ],
)
def test_what_a_schema_refuses_is_said_in_words_that_hold_no_value(payload: object, fault: str) -> None:
    kind = JobKind("strict", succeed, Strict)
    for read in both_ways(kind, payload, 1):
        with pytest.raises(InvalidPayloadError) as refusal:
            read()
        assert str(refusal.value) == f"The payload of format 1 does not fit Strict: {fault}."


def test_a_payload_that_is_no_json_is_an_invalid_one() -> None:
    with pytest.raises(InvalidPayloadError, match="is not as it must be"):
        JobKind("strict", succeed, Numbered).decode_text("{", 1)


def test_a_newer_format_is_never_read_as_if_it_were_the_newest_known() -> None:
    kind = JobKind("numbered", succeed, Numbered)
    for read in both_ways(kind, {"number": 1}, 2):
        with pytest.raises(InvalidPayloadError, match="has format 2, and this release reads up to 1"):
            read()


def test_what_is_written_can_be_read_by_this_release_and_by_the_one_before(new_kind: RegisterKind) -> None:
    kind = new_kind(
        succeed, schema=Listed, version=2, writes=1, upcasters={1: to_listed}, written_schema=Numbered
    )
    kind.check_written('{"number": 1}')
    with pytest.raises(InvalidPayloadError, match="does not fit Numbered: it has a field that is unknown"):
        # The step would drop it, so this release could read it; the one before could not.
        kind.check_written('{"number": 1, "other": 2}')
    with pytest.raises(InvalidPayloadError, match="does not fit Listed: numbers must be a list"):
        replace(kind, upcasters={1: lambda old: {"numbers": old["number"]}}).check_written('{"number": 1}')


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"version": 2}, "needs one upcaster for each step"),
        ({"version": 3, "writes": 1, "upcasters": {1: to_listed, 2: to_listed}}, "or the one before"),
        ({"writes": 2}, "or the one before"),
        ({"version": 2, "writes": 1, "upcasters": {1: to_listed}}, "needs the schema of the format"),
        ({"written_schema": Numbered}, "needs the schema of the format"),
    ],
)
def test_a_kind_that_could_not_be_rolled_back_is_not_registered(
    options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        registry.register(JobKind("hasty", succeed, Listed, **options))


def test_people_are_told_what_each_field_of_a_schema_must_be() -> None:
    described = {field.path: (field.must_be, field.required) for field in fields_of(Strict)}
    assert described == {
        "number": ("a whole number", True),
        "nested": ("an object or null", False),
        "nested.ids": ("a list, each a whole number", True),
        "by_id": ("an object that gives for a UUID a whole number", False),
        "by_name": ("an object that gives for text a whole number", False),
        "way": ("one of down, up", False),
        "checked": ("an object or null", False),
        "checked.text": ("text", True),
        "optional": ("a whole number or null", False),
    }
