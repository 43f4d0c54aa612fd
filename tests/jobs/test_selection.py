"""The filter as data: what it lets through, what it refuses, and that it survives being written into an address."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs.models import Circuit, Job
from clinical_engine.jobs.selection import LOOKUPS, NAMES, STATES, Selection, SelectionError
from clinical_engine.jobs.states import UNFINISHED, JobState

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ONE = UUID("01890000-0000-7000-8000-000000000001")
FULL = {
    "state": "dead",
    "kind": "no-longer-there",
    "queue": "reruns",
    "fingerprint": "0123456789abcdef",
    "release": "2026.3+build-1",
    "payload_version": "2",
    "organisation": str(ONE),
    "submitter": str(ONE),
    "failed_after": "2026-03-10T12:00:00+00:00",
    "failed_before": "2026-03-10T13:00:00.000001+00:00",
    "last_actor": "7",
}


def make(state: str = "dead", **fields: object) -> UUID:
    ended = None if state in UNFINISHED else NOON
    lease = {"lease_token": new_id(), "lease_expires_at": NOON} if state == JobState.RUNNING else {}
    usual = {"kind": "associate", "queue": "default", "payload": {}, "payload_version": 1}
    return Job.objects.create(**{"state": state, "finished_at": ended, **usual, **lease, **fields}).pk


def chosen(**given: str) -> set[UUID]:
    return set(Selection.parse(given).rows().values_list("pk", flat=True))


def test_it_survives_being_written_into_an_address() -> None:
    selection = Selection.parse(FULL)
    assert selection.as_parameters() == FULL
    assert set(FULL) == set(NAMES)
    assert Selection.parse(selection.as_parameters()) == selection


def test_nothing_given_means_failed_jobs() -> None:
    for given in ({}, {"state": ""}, {"kind": "  "}):
        assert Selection.parse(given) == Selection(state="failed")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("state", "broken"),
        ("kind", "a b"),
        ("kind", "x" * 65),
        ("queue", "\0"),
        ("fingerprint", "') OR 1=1"),
        ("release", "1 or 2"),
        ("payload_version", "0"),
        ("payload_version", "40000"),
        ("payload_version", "two"),
        ("organisation", "xyz"),
        ("submitter", "1"),
        ("failed_after", "yesterday"),
        ("failed_before", "0001-01-01T00:00:00+14:00"),
        ("failed_within", "year"),
        ("last_actor", "-1"),
        ("last_actor", "99999999999"),
        ("last_actor", "\u0663"),
        ("sate", "failed"),
    ],
)
def test_what_cannot_be_a_filter_is_refused_by_name_and_without_its_text(name: str, text: str) -> None:
    with pytest.raises(SelectionError) as raised:
        Selection.parse({name: text})
    assert raised.value.field == name
    assert str(raised.value).startswith(f"{name}: ")
    assert text not in str(raised.value).removeprefix(f"{name}: ")


def test_an_end_that_is_not_after_its_beginning_is_refused() -> None:
    with pytest.raises(SelectionError, match="failed_before: is not later than failed_after"):
        Selection.parse({"failed_after": "2026-03-10", "failed_before": "2026-03-10T00:00Z"})


def test_a_time_without_a_zone_is_utc_and_one_with_a_zone_is_the_same_moment() -> None:
    parsed = [
        Selection.parse({"failed_after": text}).failed_after
        for text in ("2026-03-10T12:00", "2026-03-10T13:00+01:00")
    ]
    assert parsed == [NOON, NOON]


def test_the_last_hour_becomes_a_time_that_does_not_move() -> None:
    before = timezone.now()
    selection = Selection.parse({"failed_within": "hour"})
    assert selection.failed_after is not None
    assert before <= selection.failed_after + timedelta(hours=1) <= timezone.now()
    assert set(selection.as_parameters()) == {"state", "failed_after"}


def test_each_state_chooses_its_jobs(db: None) -> None:
    made: dict[str, UUID] = {state: make(state, next_run_at=timezone.now()) for state in JobState}
    for state in JobState:
        assert chosen(state=state) == {made[state]}
    assert chosen() == {made["dead"], made["invalid_payload"]}
    assert chosen(state="all") == set(made.values())
    assert chosen(state="late") == set()
    Job.objects.filter(pk=made["retryable"]).update(next_run_at=timezone.now() - timedelta(minutes=2))
    assert chosen(state="late") == {made["retryable"]}
    newer = make("available", payload_version=999)
    unknown = make("retryable", kind="no-longer-there")
    assert chosen(state="waiting_for_release") == {newer, unknown}
    # Their own alarms say so; the workers are not to blame.
    Job.objects.filter(pk__in=[newer, unknown]).update(next_run_at=timezone.now() - timedelta(minutes=2))
    assert chosen(state="late") == {made["retryable"]}
    soon = timezone.now() + timedelta(minutes=1)
    kind = Job.objects.get(pk=made["retryable"]).kind
    Circuit.objects.create(kind=kind, failures=5, open_until=soon, error="", fingerprint="")
    assert chosen(state="late") == set()


def test_each_filter_lets_through_what_has_its_value(db: None) -> None:
    actor = User.objects.create_user("support")
    values: dict[str, tuple[str, Any]] = {
        "kind": ("kind", "no-longer-there"),
        "queue": ("queue", "reruns"),
        "fingerprint": ("fingerprint", "0123456789abcdef"),
        "release": ("claimed_release", "r2"),
        "payload_version": ("payload_version", 2),
        "organisation": ("organisation_id", ONE),
        "submitter": ("submitter_id", ONE),
        "last_actor": ("last_actor_id", actor.pk),
    }
    assert {*values, "failed_after", "failed_before"} == {*LOOKUPS, "fingerprint"}
    make()
    made = {name: make(**{column: value}) for name, (column, value) in values.items()}
    for name, (_, value) in values.items():
        for state in ("failed", "dead", "all"):
            assert chosen(state=state, **{name: str(value)}) == {made[name]}, name


def test_times_are_from_and_before(db: None) -> None:
    early, late = make(), make(finished_at=NOON + timedelta(hours=1))
    assert chosen(failed_after="2026-03-10T12:00Z") == {early, late}
    assert chosen(failed_after="2026-03-10T12:00:01Z") == {late}
    assert chosen(failed_before="2026-03-10T13:00Z") == {early}


def test_a_cause_is_found_in_every_state_but_success(db: None) -> None:
    cause = {"fingerprint": "0123456789abcdef"}
    made = {make(state, **cause) for state in JobState if state is not JobState.SUCCEEDED}
    make("dead", fingerprint="f" * 16)
    assert chosen(state="all", **cause) == made


def test_it_says_in_words_what_it_means() -> None:
    assert Selection().sentence() == "Failed jobs"
    assert Selection.parse(FULL).sentence() == (
        "Jobs in the state 'Dead', of kind no-longer-there, in queue reruns, with cause 0123456789abcdef, "
        "last tried by release 2026.3+build-1, with payload of format 2, "
        f"of organisation {ONE}, of submitter {ONE}, ended since 10 Mar 2026, 12:00:00 UTC, "
        "ended before 10 Mar 2026, 13:00:00 UTC, last touched by account 7"
    )
    assert all(choice.sentence for choice in STATES.values())
