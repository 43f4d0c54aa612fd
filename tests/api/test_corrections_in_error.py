"""Entered in error over the API: said before or after the measurement comes, it counts no longer and stays readable."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from clinical_engine.common.database import execute
from observations.models import Correction, Measurement
from observations.selectors import outside_period, overdue_measurements
from tests.api.bodies import at, post, reading, readings, statement
from tests.api.contract import DescribedClient
from tests.api.correcting import WRONG_PATIENT, correction, retract, retract_by_id, send, superseded
from tests.api.stored import publish_mean_of, results, shown, statuses
from tests.factories import NOON, Caller, days

Work = Callable[[], int]


@pytest.fixture
def linked(api: DescribedClient, caller: Caller, work: Work) -> None:
    """The patient p-1 is linked, and a script computes from its glucose."""
    publish_mean_of("2339-0")
    post(api, "activations", statement(caller))
    work()


@pytest.mark.usefixtures("linked")
def test_entered_in_error_counts_no_longer_and_stays_readable(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    answer = post(api, "measurements", readings(caller, reading("m-1"), reading("m-2", value=50)))
    work()
    said = retract_by_id(api, answer.json()["results"][0]["measurement"])
    assert (said.status_code, said.json()["outcome"]) == (202, "accepted")
    assert said.headers["Location"] == f"/api/v1/jobs/{said.json()['job']}"
    work()
    job = api.get(said.headers["Location"]).json()
    assert (job["kind"], job["state"]) == ("correct", "succeeded")
    assert (shown(api)["m-1"]["status"], shown(api)["m-1"]["value"]) == ("entered-in-error", 100)
    assert results() == [{"a": 50}]
    assert superseded() == ["a measurement no longer counts"]
    assert Correction.objects.get().reason == WRONG_PATIENT


@pytest.mark.parametrize("working", [True, False], ids=["worked off between", "worked off at the end"])
@pytest.mark.usefixtures("linked")
def test_entered_in_error_may_be_said_before_the_measurement_comes(
    api: DescribedClient, caller: Caller, work: Work, *, working: bool
) -> None:
    assert retract(api, caller, "m-1").json()["outcome"] == "accepted"
    if working:
        work()
    assert send(api, caller, reading("m-1"), reading("m-2", value=50)) == ["accepted", "accepted"]
    work()
    assert statuses(api) == {"m-1": "entered-in-error", "m-2": "counted"}
    assert results() == [{"a": 50}]
    assert Correction.objects.exclude(applied_at=None).count() == 1


@pytest.mark.usefixtures("linked")
def test_of_entered_in_error_said_twice_the_first_reason_stands(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    answer = post(api, "measurements", readings(caller, reading("m-1")))
    first = retract(api, caller, "m-1").json()
    work()
    by_client_id = retract(api, caller, "m-1", "Another reason").json()
    by_id = retract_by_id(api, answer.json()["results"][0]["measurement"], "A third").json()
    assert by_client_id == by_id == {"outcome": "duplicate", "job": first["job"]}
    assert work() == 0
    assert Correction.objects.get().reason == WRONG_PATIENT


@pytest.mark.parametrize("first", ["replaced", "entered-in-error"])
@pytest.mark.parametrize("working", [True, False], ids=["worked off between", "worked off at the end"])
@pytest.mark.usefixtures("linked")
def test_what_was_replaced_and_entered_in_error_was_entered_in_error_whatever_came_first(
    api: DescribedClient, caller: Caller, work: Work, first: str, *, working: bool
) -> None:
    send(api, caller, reading("m-1"))
    steps: list[Callable[[], object]] = [
        lambda: send(api, caller, correction("m-2", "m-1", 80)),
        lambda: retract(api, caller, "m-1"),
    ]
    for step in steps if first == "replaced" else reversed(steps):
        step()
        if working:
            work()
    work()
    assert statuses(api) == {"m-1": "entered-in-error", "m-2": "counted"}
    assert results() == [{"a": 80}]


@pytest.mark.usefixtures("linked")
def test_a_correction_that_was_entered_in_error_itself_does_not_bring_back_what_it_replaced(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    send(api, caller, reading("m-1"), correction("m-2", "m-1"))
    work()
    retract(api, caller, "m-2")
    work()
    assert statuses(api) == {"m-1": "replaced", "m-2": "entered-in-error"}
    assert results() == []


@pytest.mark.parametrize(
    ("reason", "code"),
    [("", "empty"), ("x" * 501, "too_long"), (7, "invalid"), (None, "invalid"), ("a\nb", "not_printable")],
)
def test_entered_in_error_needs_a_reason(
    api: DescribedClient, caller: Caller, reason: object, code: str
) -> None:
    answer = post(api, "measurements", readings(caller, reading("m-1")))
    identifier = answer.json()["results"][0]["measurement"]
    body = {"organisation": str(caller.organisation.id), "client_id": "m-1", "reason": reason}
    for refused in (
        post(api, f"measurements/{identifier}/entered-in-error", {"reason": reason}),
        post(api, "measurements/entered-in-error", body),
    ):
        assert refused.status_code == 422
        assert [(error["field"], error["code"]) for error in refused.json()["errors"]] == [("reason", code)]
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    "path",
    ["measurements/entered-in-error", f"measurements/{uuid4()}/entered-in-error"],
    ids=["by client id", "by id"],
)
def test_a_misspelt_field_of_entered_in_error_is_refused(
    api: DescribedClient, caller: Caller, path: str
) -> None:
    body = {"organisation": str(caller.organisation.id), "client_id": "m-1", "reason": "a", "because": "b"}
    answer = post(api, path, body)
    assert answer.status_code == 422
    assert "because" in {error["field"] for error in answer.json()["errors"]}


def test_held_ones_that_were_taken_back_wait_for_nothing(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    send(api, caller, reading("m-1"), reading("m-2"), correction("m-3", "m-1"))
    retract(api, caller, "m-2")
    work()
    assert statuses(api) == {"m-1": "replaced", "m-2": "entered-in-error", "m-3": "held"}
    execute("UPDATE observations_measurement SET due_at = due_at - interval '1 hour'")
    assert [row.client_id for row in overdue_measurements()] == ["m-3"]
    execute("UPDATE observations_measurement SET due_at = due_at - interval '8 days'")
    assert [row.client_id for row in outside_period()] == ["m-3"]
    lookup = {"organisation": str(caller.organisation.id), "external_id": "p-1"}
    assert post(api, "patients/lookup", lookup).json()["held_measurements"]["count"] == 1


@pytest.mark.usefixtures("linked")
def test_what_was_taken_back_stays_so_when_periods_change(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    send(api, caller, reading("m-1"), correction("m-2", "m-1"))
    work()
    post(api, "deactivations", statement(caller, "s-2", effective_at=at(NOON - days(1))))
    work()
    assert (statuses(api), results()) == ({"m-1": "replaced", "m-2": "held"}, [])
    post(api, "activations", statement(caller, "s-3", effective_at=at(NOON - days(0.5))))
    work()
    assert (statuses(api), results()) == ({"m-1": "replaced", "m-2": "counted"}, [{"a": 120}])
    assert Measurement.objects.filter(association=None).count() == 0
