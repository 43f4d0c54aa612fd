"""What cannot be decoded is refused in plain words, which name what is asked for and never what was sent."""

import datetime as dt
import decimal
import enum
import json
import re
import uuid
from typing import Annotated, Any, Literal

import msgspec
import pytest
from django.test import Client

from clinical_engine.api.complaints import allowed_at, complaint_of
from tests.api.bodies import batch, fact, facts, item, outcomes, post, reading, readings
from tests.api.contract import DescribedClient
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, observation, send

NAME, NUMBER = "Zaphrasia", "77531"
TIME = "Must be a time such as 2026-01-31T08:00:00+01:00."
OTHERWISE = "Is not of the form that is asked for."


class Colour(enum.Enum):
    RED = "red"


class Tagged(msgspec.Struct, tag="a"):
    pass


class Numbered(msgspec.Struct, tag=1):
    pass


class Other(msgspec.Struct, tag=2):
    pass


class Frame(msgspec.Struct, rename="camel"):
    kind_of: Literal["batch", "transaction"]
    name: str = ""


class Pair(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    number: int


# Every kind of message that the decoder has for JSON, and what is said of it.
MESSAGES: list[tuple[Any, str, tuple[str, str]]] = [
    (str, NUMBER, ("invalid", "Must be text.")),
    (str | None, NUMBER, ("invalid", "Must be text.")),
    (int, f'"{NAME}"', ("invalid", "Must be a whole number.")),
    (int, "77531.5", ("invalid", "Must be a whole number.")),
    (float, f'"{NAME}"', ("invalid", "Must be a number.")),
    (bool, f'"{NAME}"', ("invalid", "Must be true or false.")),
    (int | str, f'["{NAME}"]', ("invalid", "Must be a whole number or text.")),
    (Frame, "null", ("invalid", "Must be an object.")),
    (list[str], "{}", ("invalid", "Must be a list.")),
    (list[int], f'["{NAME}"]', ("invalid", "Must be a whole number.")),
    (Annotated[list[int], msgspec.Meta(min_length=1)], "[]", ("empty", "Must have at least one item.")),
    (
        Annotated[list[int], msgspec.Meta(max_length=1000)],
        json.dumps([77531] * 1001),
        ("invalid", "Must have at most 1,000 items."),
    ),
    (dt.datetime, NUMBER, ("invalid", TIME)),
    *((dt.datetime, json.dumps(text), ("invalid", TIME)) for text in ("2026-11-28", "+01", NAME)),
    # Of a key, not of what it stands for.
    (dict[int, int], f'{{"{NAME}": 1}}', ("invalid", "Must be a whole number.")),
    (uuid.UUID, NUMBER, ("invalid", "Must be a UUID.")),
    (uuid.UUID, f'"{NAME}"', ("invalid", "Must be a UUID.")),
    *(
        (shape, body, ("invalid", OTHERWISE))
        for shape, body in [
            (Colour, f'"{NAME}"'),
            (Literal["a"], f'"{NAME}"'),
            (Literal[1], NUMBER),
            (Tagged, f'{{"type": "{NAME}"}}'),
            (Numbered | Other, f'{{"type": {NUMBER}}}'),
            (Pair, f'[1, "{NAME}"]'),
            (tuple[int, int], f"[{NUMBER}]"),
            (Annotated[dict[str, int], msgspec.Meta(max_length=0)], f'{{"{NAME}": 1}}'),
            (Annotated[int, msgspec.Meta(lt=3)], NUMBER),
            (Annotated[int, msgspec.Meta(multiple_of=2)], NUMBER),
            (Annotated[float, msgspec.Meta(le=3.5)], "77531.5"),
            (Annotated[str, msgspec.Meta(max_length=2)], f'"{NAME}"'),
            (Annotated[str, msgspec.Meta(pattern="^a$")], f'"{NAME}"'),
            (Annotated[dt.datetime, msgspec.Meta(tz=True)], '"2026-01-01T00:00:00"'),
            (float, "1e999"),
            (bytes, f'"{NAME}"'),
            (dt.date, f'"{NAME}"'),
            (dt.time, f'"{NAME}"'),
            (dt.timedelta, f'"{NAME}"'),
            (decimal.Decimal, f'"{NAME}"'),
            (None, NUMBER),
        ]
    ),
    (Frame, "{1: 2}", ("invalid", "Is not valid JSON.")),
    (Frame, f'{{"{NAME}"', ("invalid", "Is not valid JSON.")),
    (list, "[" * 2000 + "]" * 2000, ("invalid", "Is nested too deeply.")),
]


@pytest.mark.parametrize(("shape", "body", "said"), MESSAGES, ids=[f"{m[0]}-{m[1][:20]}" for m in MESSAGES])
def test_a_complaint_of_the_decoder_is_said_in_our_words(
    shape: Any, body: str, said: tuple[str, str]
) -> None:
    with pytest.raises((msgspec.DecodeError, RecursionError)) as raised:
        msgspec.json.decode(body, type=shape)
    assert complaint_of(raised.value) == said


def test_a_message_that_nobody_knows_is_not_repeated() -> None:
    assert complaint_of(msgspec.ValidationError(f"{NAME} is not what it should be")) == ("invalid", OTHERWISE)


def test_a_closed_list_says_what_there_is() -> None:
    assert allowed_at(Frame, "kindOf") == ["batch", "transaction"]
    assert [*allowed_at(Frame, "name"), *allowed_at(Frame, "x.kindOf"), *allowed_at(list[str], "")] == []


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"type": NAME}, "type", "Must be batch or transaction."),
        ({"type": None}, "type", "Must be batch or transaction."),
        ({"resourceType": NAME}, "resourceType", "Must be Bundle."),
        ({"entry": []}, "entry", "Must have at least one item."),
        ({"entry": NAME}, "entry", "Must be a list."),
    ],
)
def test_a_bundle_of_another_type_is_told_which_there_are(
    caller: Caller, fields: dict[str, Any], field: str, message: str
) -> None:
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})
    answer = send(client, bundle(observation(caller)) | fields)
    [issue] = answer.json()["issue"]
    assert (answer.status_code, issue["expression"]) == (422, [f"Bundle.{field}"])
    assert issue["diagnostics"] == message
    assert NAME not in answer.content.decode()


def messages(answer: Any) -> list[tuple[str, str, str]]:
    return [(each["field"], each["code"], each["message"]) for each in answer.json()["errors"]]


@pytest.mark.parametrize(
    "time", ["2026-11-01 08:00", "2026-11-28", "+01", NAME, 7, None, [], "2026-02-30T12:00:00Z"]
)
def test_what_is_no_time_is_told_what_a_time_is(api: DescribedClient, caller: Caller, time: Any) -> None:
    for path, body, field in (
        ("measurements", readings(caller, reading(measured_at=time)), "measured_at"),
        ("activations/batch", batch(caller, item(effective_at=time)), "effective_at"),
        ("facts", facts(caller, fact(effective_from=time)), "effective_from"),
    ):
        assert messages(post(api, path, body)) == [(field, "invalid", TIME)]


@pytest.mark.parametrize("name", ["measurements", "statements", "facts"])
def test_a_list_without_items_is_empty(api: DescribedClient, caller: Caller, name: str) -> None:
    path = "activations/batch" if name == "statements" else name
    body = {"measurements": readings, "statements": batch, "facts": facts}[name](caller)
    assert messages(post(api, path, body)) == [(name, "empty", "Must have at least one item.")]


def test_the_decoder_is_never_heard_itself(api: DescribedClient, caller: Caller) -> None:
    bad: list[Any] = [7, None, [], *({**reading(), name: [NAME]} for name in reading())]
    bad += [{**reading(), "components": [7]}, {**reading(), "components": NAME}, {**reading(), NAME: 1}]
    answers = [post(api, "measurements", readings(caller, *bad))]
    assert set(outcomes(answers[0])) == {"refused"}
    answers += [
        post(api, "measurements", {"organisation": each, "measurements": [{}]}) for each in (NAME, 7, None)
    ]
    assert [each[2] for answer in answers[1:] for each in messages(answer)] == ["Must be a UUID."] * 3
    for _, _, message in (each for answer in answers for each in messages(answer)):
        assert not re.search(rf"`|Expected|RFC3339|malformed|null|{NAME}", message)
