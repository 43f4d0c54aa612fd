"""A key that stands twice in one object of a body is found, wherever it stands and however it is written."""

import json
import tracemalloc
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from clinical_engine.api.duplicate_keys import (
    refusal_of_repeated_frame,
    refusal_of_repeated_key,
    repeated_key,
)
from clinical_engine.common.errors import Refusal, RefusedError
from observations.api.decoding import decode_measurements
from observations.api.quotes import may_repeat_a_key
from observations.fhir.repeating import fault_of_repeated_element
from observations.models import Measurement, RefusalCount
from observations.readings import Unread
from patients.models import Statement
from tests import factories
from tests.api.bodies import batch, errors, fact, facts, item, outcomes, post, reading, readings, statement
from tests.api.contract import DescribedClient
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, observation, send, statuses
from tests.observations.importing.support import finished, ndjson, problems, received, stored
from tests.observations.importing.support import item as line

ORGANISATION = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b"
PANEL: dict[str, Any] = {
    "components": [
        {"code": "8480-6", "value": 128, "unit": "mm[Hg]"},
        {"code": "8462-4", "value": "LA6568-5"},
    ]
}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b'{"value": 1, "value": 2}', "value"),
        (b'{"value": 1, "unit": "kg", "value" : 1}', "value"),
        (b'{"value": 1, "val\\u0075e": 2}', "value"),
        (b'{"components": [{"code": "a"}, {"code": "b", "code": "c"}]}', "code"),
        (b'[[{"x": {"y": 1, "y": {}}}]]', "y"),
        (b'{"a": NaN, "a": 1e1000000}', "a"),
        (b'{"a": ' + b"7" * 100_000 + b', "a": 1}', "a"),
        (b'{"a": "\xff", "a": "\\ud800"}', "a"),
        (b'{"": 1, "": 2}', ""),
    ],
)
def test_a_key_that_stands_twice_is_found(text: bytes, key: str) -> None:
    assert repeated_key(text) == key
    refusal = refusal_of_repeated_key(text)
    assert refusal is not None
    assert (refusal.field, refusal.code) == (key or "item", "duplicate_key")


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"a": {"a": [{"a": 1}, {"a": 1}]}}',
        b'{"a": "\\"a\\": 1", "b": "a"}',
        b'{"value": 1, "Value": 1}',
        b"7",
        b"{",
        b"",
        b"[" * 100_000,
        b'{"a": 1, "a"',
    ],
)
def test_the_same_key_in_two_objects_and_what_is_no_json_are_none(text: bytes) -> None:
    assert repeated_key(text) is None
    assert refusal_of_repeated_key(text) is None


def test_one_key_that_stands_twice_among_a_hundred_thousand_is_found_at_once() -> None:
    keys = [f"k{number}" for number in range(100_000)]
    text = "{" + ", ".join(f'"{key}": 1' for key in [*keys, keys[-1]]) + "}"
    tracemalloc.start()
    assert repeated_key(text.encode()) == keys[-1]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * len(text)


def test_a_key_of_any_length_names_a_field_of_a_bounded_one() -> None:
    key = "k" * 1_000
    refusal = refusal_of_repeated_key(f'{{"{key}": 1, "{key}": 2}}'.encode())
    assert refusal is not None
    assert len(refusal.field) == 128


def test_a_frame_that_has_a_key_twice_is_told_from_one_whose_items_have() -> None:
    for body, key in (
        (b'{"a": "x", "b": [{"c": 1, "c": 2}], "a": "y"}', "a"),
        (b'{"b": [1], "b" : [2]}', "b"),
        (b'{"a":1,"\\u0061":1}', "a"),
        (b'{"a": "\xff", "b": ' + b"7" * 10_000 + b', "a": "\xff"}', "a"),
    ):
        refusal = refusal_of_repeated_frame(body)
        assert refusal is not None
        assert (refusal.field, refusal.code) == (key, "duplicate_key")
    for body in (b'{"a": "x", "b": [{"c": 1, "c": 2}]}', b'{"a" : "a \\" quote", "b":{"a": 1}}', b"{}"):
        assert refusal_of_repeated_frame(body) is None


def body_of(*items: dict[str, Any], separators: tuple[str, str] = (", ", ": ")) -> bytes:
    frame = {"organisation": ORGANISATION, "measurements": items}
    return json.dumps(frame, separators=separators).encode()


def is_suspicious(body: bytes) -> bool:
    """Whether the body may have a key twice, by the readings that are decoded of it."""
    _, items = decode_measurements(body)
    return may_repeat_a_key(body, [item.reading for item in items])


KINDS = [
    reading(),
    reading(value="a text"),
    reading(value=True),
    reading(replaces="m-0"),
    {name: value for name, value in reading().items() if name != "unit"},
    {name: value for name, value in reading(**PANEL).items() if name not in {"value", "unit"}},
]
# Their quotes tell nothing: they are looked through, and taken when no key stands twice.
WITHOUT_VALUE = [
    {name: value for name, value in reading().items() if name != "value"},
    reading(value=None),
    reading(value=[{"a": 1}]),
]


@given(
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=5),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")]),
)
def test_bodies_as_senders_write_them_are_not_looked_through(
    items: list[dict[str, Any]], separators: tuple[str, str]
) -> None:
    body = body_of(*items, separators=separators)
    assert not is_suspicious(body)
    assert repeated_key(body) is None


@given(
    st.lists(st.sampled_from([*KINDS, *WITHOUT_VALUE]), min_size=1, max_size=5),
    st.data(),
    st.sampled_from(["7", '"x"', "null", "[]", '"\\u0022"']),
    st.sampled_from(["{}:{},", "{} : {} ,\n"]),
)
def test_no_reading_with_a_key_twice_is_ever_passed_over(
    items: list[dict[str, Any]], data: st.DataObject, value: str, form: str
) -> None:
    text = body_of(*items).decode()
    places = [place for place, character in enumerate(text) if character == "{"]
    place = data.draw(st.sampled_from(places))
    # What an object begins with is overridden by what stands in it already.
    key = text[place + 1 :].split(":", 1)[0]
    body = f"{text[: place + 1]}{form.format(key, value)}{text[place + 1 :]}".encode()
    assert repeated_key(body) == json.loads(key)
    if not place:
        with pytest.raises(RefusedError):
            decode_measurements(body)
        return
    refused = [item.reading for item in decode_measurements(body)[1] if isinstance(item.reading, Unread)]
    assert [unread.refusal.code for unread in refused] == ["duplicate_key"]


@pytest.mark.parametrize("fields", [{"value": 'say "hallo"'}, {"replaces": None}, {"value": None}])
def test_what_cannot_be_told_by_counting_is_looked_through(fields: dict[str, Any]) -> None:
    body = body_of(reading(**fields))
    assert is_suspicious(body)
    assert repeated_key(body) is None


def test_a_reading_that_cannot_be_read_is_looked_through() -> None:
    assert may_repeat_a_key(body_of(reading()), [Unread(Refusal("item", "invalid", ""))])


def twice(body: Any, key: str) -> str:
    """The body with the first of these keys a second time."""
    return json.dumps(body).replace(f'"{key}": ', f'"{key}": null, "{key}": ', 1)


@pytest.mark.parametrize("key", ["client_id", "submitter", "external_id", "effective_at"])
def test_a_statement_with_a_key_twice_is_refused_and_counted(
    api: DescribedClient, caller: Caller, key: str
) -> None:
    answer = post(api, "activations", twice(statement(caller), key))
    assert answer.status_code == 422
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [(key, "duplicate_key")]
    assert not Statement.objects.exists()
    assert RefusalCount.objects.get().reason == "duplicate_key"


def test_an_item_with_a_key_twice_is_refused_for_itself(api: DescribedClient, caller: Caller) -> None:
    bad = twice(batch(caller, item("s-1", "p-1"), item("s-2", "p-2")), "external_id")
    answer = post(api, "activations/batch", bad)
    assert outcomes(answer) == ["refused", "accepted"]
    assert errors(answer) == [(0, "external_id", "duplicate_key")]
    answer = post(api, "facts", twice(facts(caller, fact("f-1"), fact("f-2", value="male")), "value"))
    assert outcomes(answer)[0] == "refused"
    assert errors(answer)[0] == (0, "value", "duplicate_key")


@pytest.mark.parametrize("key", ["value", "measured_at", "code"])
def test_a_reading_with_a_key_twice_is_refused_for_itself(
    api: DescribedClient, caller: Caller, key: str
) -> None:
    body = twice(readings(caller, reading("r-1"), reading("r-2")), key)
    answer = post(api, "measurements", body)
    assert outcomes(answer)[0] == "refused"
    assert errors(answer) == [(0, key, "duplicate_key")]
    assert list(Measurement.objects.values_list("client_id", flat=True)) == ["r-2"]


def test_a_reading_whose_text_has_quotes_is_taken(api: DescribedClient, caller: Caller) -> None:
    answer = post(api, "measurements", readings(caller, reading('r-"1"')))
    assert answer.status_code == 202, answer.content


@pytest.mark.parametrize("key", ["submitter", "statements"])
def test_a_frame_with_a_key_twice_is_refused_as_a_whole(
    api: DescribedClient, caller: Caller, key: str
) -> None:
    body = json.dumps(batch(caller, item()))
    again = json.dumps(batch(caller, item("s-2"))[key])
    answer = post(api, "activations/batch", f'{{"{key}": {again}, {body[1:]}')
    assert answer.status_code == 422
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [(key, "duplicate_key")]
    assert not Statement.objects.exists()


def test_an_observation_with_a_key_twice_is_refused_for_itself(caller: Caller) -> None:
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})
    answer = send(
        client, twice(bundle(observation(caller, "a"), observation(caller, "b")), "effectiveDateTime")
    )
    assert statuses(answer) == ["422 Unprocessable Entity", "201 Created"]
    [issue] = answer.json()["entry"][0]["response"]["outcome"]["issue"]
    assert issue["details"]["coding"][0]["code"] == "duplicate_key"
    assert issue["expression"] == ["Bundle.entry[0].resource.effectiveDateTime"]


def test_a_bundle_with_a_key_twice_is_refused_and_names_it(caller: Caller) -> None:
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})
    answer = send(client, '{"type": "batch", ' + json.dumps(bundle(observation(caller)))[1:])
    assert answer.status_code == 422
    [issue] = answer.json()["issue"]
    assert (issue["details"]["coding"][0]["code"], issue["expression"]) == ("duplicate_key", ["Bundle.type"])


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ('{"resource": 1, "resource": 2}', "resource"),
        (
            '{"resource": {"component": [{}, {"code": {"coding": [{"code": 1, "code": 1}]}}]}}',
            "resource.component[1].code.coding[0].code",
        ),
        ('{"resource": {"Zaphrasia": 1, "Zaphrasia": 2}}', "resource"),
        ('{"id": ' + "7" * 10_000 + ', "id": NaN}', "id"),
        ('{"resource": {"Zaphrasia": [{"code": 1, "code": 2}]}}', "resource"),
        ('{"resource": {"valueQuantity": {"unit": "a", "un\\u0069t": "b"}}}', "resource.valueQuantity.unit"),
        ('{"resource": ' + '{"code": 1, "code": 1, "text": "' + "x" * 70_000 + '"}}', ""),
    ],
)
def test_an_element_that_stands_twice_is_named_as_far_as_it_is_one_of_fhir(entry: str, path: str) -> None:
    fault = fault_of_repeated_element(entry.encode())
    assert fault is not None
    assert (fault.path, fault.refusal.field, fault.refusal.code) == (path, "item", "duplicate_key")


@pytest.mark.django_db
def test_a_line_of_a_file_with_a_key_twice_is_refused_for_itself() -> None:
    lines = ndjson(line("m-1"), line("m-2")).replace(b'"value": 100', b'"value": 1, "value": 100', 1)
    file = finished(received(factories.organisation(), lines))
    assert problems(file) == [(1, "value", "duplicate_key")]
    assert stored() == ["m-2"]
