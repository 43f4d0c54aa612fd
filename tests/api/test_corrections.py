"""Corrections over the API: either may come before what it corrects, the old value stays readable, nothing counts twice."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from observations.models import Correction, MeasurementConflict, Observation
from tests.api.bodies import at, errors, outcomes, post, reading, readings, statement
from tests.api.contract import DescribedClient
from tests.api.correcting import correction, retract, retract_by_id, send, superseded
from tests.api.stored import publish_mean_of, results, shown, statuses
from tests.factories import NOON, Caller

Work = Callable[[], int]


@pytest.fixture
def linked(api: DescribedClient, caller: Caller, work: Work) -> None:
    """The patient p-1 is linked, and a script computes from its glucose."""
    publish_mean_of("2339-0")
    post(api, "activations", statement(caller))
    work()


@pytest.mark.usefixtures("linked")
def test_a_correction_takes_the_place_of_what_it_replaces_and_the_old_value_stays_readable(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    send(api, caller, reading("m-1", value=900))
    work()
    assert send(api, caller, correction("m-2", "m-1", value=90)) == ["accepted"]
    work()
    rows = shown(api)
    assert {name: (row["value"], row["status"], row["replaces"]) for name, row in rows.items()} == {
        "m-1": (900, "replaced", ""),
        "m-2": (90, "counted", "m-1"),
    }
    assert results() == [{"a": 90}]
    assert superseded() == ["a measurement no longer counts"]


@pytest.mark.usefixtures("linked")
def test_a_correction_to_another_time_supersedes_the_result_of_the_old_time(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    send(api, caller, reading("m-1"))
    work()
    send(api, caller, correction("m-2", "m-1", measured_at=at(NOON + timedelta(hours=5))))
    work()
    [current] = Observation.objects.filter(superseded_at=None)
    assert (current.as_of, current.value) == (NOON + timedelta(hours=5), {"a": 120})
    assert superseded()[-1] == "its measurement no longer counts"


@pytest.mark.usefixtures("linked")
def test_a_correction_may_come_first_or_in_the_same_request_in_any_order(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    send(api, caller, correction("before-2", "before-1"))
    work()
    send(api, caller, reading("before-1", value=900))
    together = [reading("a", value=900), correction("b", "a"), correction("c", "d"), reading("d", value=900)]
    assert send(api, caller, *together) == ["accepted"] * 4
    work()
    assert statuses(api) == {
        "before-1": "replaced",
        "a": "replaced",
        "d": "replaced",
        "before-2": "counted",
        "b": "counted",
        "c": "counted",
    }
    assert results() == [{"a": 120}]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("working", [True, False], ids=["worked off between", "worked off at the end"])
@pytest.mark.usefixtures("linked")
def test_of_a_chain_of_corrections_the_last_counts_whatever_came_first(
    api: DescribedClient, caller: Caller, work: Work, order: tuple[int, ...], *, working: bool
) -> None:
    chain = [reading("m-1", value=900), correction("m-2", "m-1", 800), correction("m-3", "m-2", 80)]
    for number in order:
        assert send(api, caller, chain[number]) == ["accepted"]
        if working:
            work()
    work()
    assert statuses(api) == {"m-1": "replaced", "m-2": "replaced", "m-3": "counted"}
    assert results() == [{"a": 80}]


@pytest.mark.usefixtures("linked")
def test_a_second_correction_of_the_same_measurement_is_refused(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    send(api, caller, reading("m-1"), correction("m-2", "m-1"))
    answer = post(api, "measurements", readings(caller, correction("m-3", "m-1"), reading("other")))
    assert outcomes(answer) == ["refused", "accepted"]
    assert errors(answer) == [(0, "replaces", "replaced_already")]
    assert send(api, caller, correction("m-4", "later"), correction("m-5", "later")) == [
        "accepted",
        "refused",
    ]
    assert send(api, caller, correction("m-3", "m-2", value=70)) == ["accepted"]
    work()
    assert statuses(api) == {
        "m-1": "replaced",
        "m-2": "replaced",
        **dict.fromkeys(("m-3", "m-4", "other"), "counted"),
    }


@pytest.mark.usefixtures("linked")
def test_a_correction_that_is_sent_again_is_a_duplicate(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    both = [reading("m-1"), correction("m-2", "m-1"), correction("m-2", "m-1")]
    assert send(api, caller, *both) == ["accepted", "accepted", "duplicate"]
    assert send(api, caller, *both) == ["duplicate"] * 3
    work()
    assert send(api, caller, *both) == ["duplicate"] * 3
    assert work() == 0
    assert Correction.objects.count() == 1


@pytest.mark.parametrize(
    ("replaces", "code"),
    [
        ("m-1", "replaces_itself"),
        ("", "empty"),
        ("x" * 129, "too_long"),
        (" m-0", "not_printable"),
        (7, "invalid"),
    ],
)
def test_what_cannot_be_replaced_is_refused(
    api: DescribedClient, caller: Caller, replaces: object, code: str
) -> None:
    answer = post(api, "measurements", readings(caller, reading("m-1", replaces=replaces), reading("m-2")))
    assert outcomes(answer) == ["refused", "held"]
    assert errors(answer) == [(0, "replaces", code)]
    assert not Correction.objects.exists()


def test_replacing_nothing_is_not_replacing(api: DescribedClient, caller: Caller) -> None:
    assert send(api, caller, reading("m-1", replaces=None)) == ["held"]
    assert send(api, caller, reading("m-1")) == ["duplicate"]


@pytest.mark.usefixtures("linked")
def test_what_stood_under_the_wrong_patient_is_replaced_by_a_reading_of_the_right_one(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    post(api, "activations", statement(caller, "s-2", "p-2"))
    send(api, caller, reading("m-1", "p-1"))
    work()
    send(api, caller, correction("m-2", "m-1", external_id="p-2", value=70))
    work()
    assert statuses(api, "p-1") == {"m-1": "replaced"}
    assert statuses(api, "p-2") == {"m-2": "counted"}
    assert results() == [{"a": 70}]
    assert superseded() == ["its measurement no longer counts"]


@pytest.mark.usefixtures("linked")
def test_a_measurement_of_another_organisation_is_out_of_reach(
    api: DescribedClient, caller: Caller, other_api: DescribedClient, other_caller: Caller, work: Work
) -> None:
    answer = post(api, "measurements", readings(caller, reading("m-1")))
    work()
    assert send(other_api, other_caller, correction("m-2", "m-1", external_id="p-9")) == ["held"]
    assert retract(other_api, other_caller, "m-1").status_code == 202
    strange, unknown = (
        retract_by_id(other_api, identifier)
        for identifier in (answer.json()["results"][0]["measurement"], uuid4())
    )
    assert (strange.status_code, unknown.status_code) == (404, 404)
    assert strange.json() == unknown.json()
    named = retract(other_api, caller, "m-1")
    assert (named.status_code, named.json()["errors"][0]["code"]) == (422, "unknown_organisation")
    work()
    assert statuses(api) == {"m-1": "counted"}
    assert results() == [{"a": 100}]


@pytest.mark.usefixtures("linked")
def test_a_reading_in_conflict_takes_nothing_back(api: DescribedClient, caller: Caller, work: Work) -> None:
    send(api, caller, reading("m-1"), reading("m-2"), correction("m-3", "m-1"))
    for sent in (correction("m-2", "other"), correction("m-2", "m-1"), correction("m-3", "m-2", 77)):
        assert send(api, caller, sent) == ["conflict"]
    work()
    assert statuses(api) == {"m-1": "replaced", "m-2": "counted", "m-3": "counted"}
    assert MeasurementConflict.objects.count() == 3
    # Nor does it keep others from correcting what it named.
    assert send(api, caller, correction("m-4", "m-2"), correction("m-5", "other")) == ["accepted"] * 2


@pytest.mark.usefixtures("linked")
def test_a_reading_in_conflict_with_its_own_request_takes_nothing_back(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    send(api, caller, reading("m-1"), reading("m-2"))
    twice = [correction("m-3", "m-1"), correction("m-3", "m-2")]
    assert send(api, caller, *twice) == ["accepted", "conflict"]
    assert send(api, caller, reading("m-4"), correction("m-4", "m-2")) == ["accepted", "conflict"]
    work()
    assert statuses(api) == {
        "m-1": "replaced",
        **dict.fromkeys(("m-2", "m-3", "m-4"), "counted"),
    }
    assert send(api, caller, correction("m-5", "m-2")) == ["accepted"]
