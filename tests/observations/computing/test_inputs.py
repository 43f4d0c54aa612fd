"""What a script reads as of a time: pure functions over one patient's facts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical_engine.common.identifiers import new_id
from observations.computing.inputs import MAX_READINGS, reader, values_of
from observations.computing.series import Given, Held, PatientFacts, Reading, Series
from observations.computing.times import microseconds
from observations.engine import Input
from observations.scripts.declarations import declared_inputs
from tests.factories import NOON, days
from tests.observations.scripts.writing import PULSE, reads

A_TICK = timedelta(microseconds=1)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def reading(
    at: datetime, value: Any = 60.0, client_id: str = "m", association: int = 1, offset: int = 0
) -> Reading:
    return Reading((microseconds(at), client_id, str(new_id())), value, association, offset)


def read(
    declared: Mapping[str, Any],
    *readings: Reading,
    at: datetime = NOON,
    association: int | None = None,
    **more: Any,
) -> tuple[Input, Sequence[str], str]:
    """The value of one input, the ids of what it was read from, and the obstacle."""
    [one] = declared_inputs({"pulse": declared}).values()
    facts = PatientFacts([Series(readings)], zone=AMSTERDAM, **more)
    readers = {"pulse": reader("pulse", one, 0, "other")}
    values, found, obstacle = values_of(readers, facts, microseconds(at), association)
    ids = "".join(part[1:-1] for part in found.provenance()).split(",")
    return values.get("pulse"), [each for each in ids if each], obstacle


def test_the_time_of_the_result_belongs_to_the_window_and_its_beginning_does_not() -> None:
    at_the_beginning, just_inside = reading(NOON - days(1)), reading(NOON - days(1) + A_TICK)
    now, later = reading(NOON), reading(NOON + A_TICK)
    _, ids, _ = read(reads(PULSE, "all_within"), later, now, just_inside, at_the_beginning)
    assert ids == [just_inside.source[2], now.source[2]]
    assert read(reads(PULSE), at_the_beginning, later)[2] == "no value for pulse"
    assert read(reads(PULSE), just_inside, later)[1] == [just_inside.source[2]]


def test_readings_of_one_time_are_in_the_order_of_their_client_ids_and_the_last_one_is_the_latest() -> None:
    several = [reading(NOON, value, client_id) for client_id, value in (("c", 3), ("a", 1), ("b", 2))]
    assert read(reads(PULSE, "all_within"), *several)[0] == [1, 2, 3]
    assert read(reads(PULSE), *several)[0] == 3


def test_the_latest_reading_may_be_too_old_to_be_used_without_being_out_of_the_window() -> None:
    declared = reads(PULSE, stale_after_seconds=3600)
    assert read(declared, reading(NOON - timedelta(hours=1) + A_TICK))[0] == 60
    assert read(declared, reading(NOON - timedelta(hours=1)))[2] == "pulse is stale"
    assert read({**declared, "missing": "none"}, reading(NOON - timedelta(hours=1)))[::2] == (None, "")


def test_an_input_without_a_value_is_what_its_declaration_says() -> None:
    assert read(reads(PULSE))[2] == "no value for pulse"
    assert read(reads(PULSE, missing="none")) == (None, [], "")
    assert read(reads(PULSE, missing="default", default=7)) == (7, [], "")
    assert read(reads(PULSE, "all_within", missing="none")) == ((), [], "")


def test_the_first_reading_since_the_activation_is_the_first_of_the_same_association() -> None:
    before = reading(NOON - days(9), 1, association=1)
    first, second = reading(NOON - days(3), 2, association=2), reading(NOON - days(1), 3, association=2)
    declared = {"code": PULSE, "how": "first_after_activation"}
    assert read(declared, second, first, before, association=2)[:2] == (2, [first.source[2]])
    assert read(declared, second, first, before, association=3)[2] == "no value for pulse"
    assert read(declared, reading(NOON + A_TICK), association=1)[2] == "no value for pulse"


def test_timed_readings_say_how_many_hours_and_calendar_days_of_the_organisations_zone_they_lie_back() -> (
    None
):
    just_after_midnight = NOON.astimezone(AMSTERDAM).replace(hour=0, minute=30)
    evening_before = just_after_midnight - timedelta(hours=1)
    declared = reads(PULSE, "all_within", timed=True)
    values, _, _ = read(declared, reading(just_after_midnight, 61.0), reading(evening_before, 62.0))
    assert values == [
        {"value": 62.0, "hours": 13.5, "day": 1, "local_hour": 22.5},
        {"value": 61.0, "hours": 12.5, "day": 0, "local_hour": 23.5},
    ]


@pytest.mark.parametrize(
    ("offset", "expected"), [(0, 12.0), (60, 13.0), (-300, 7.0), (345, 17.75), (780, 1.0), (-780, 23.0)]
)
def test_the_local_hour_of_a_reading_is_that_of_the_offset_it_was_sent_with_whatever_the_zone(
    offset: int, expected: float
) -> None:
    declared = reads(PULSE, "all_within", timed=True)
    values, _, _ = read(declared, reading(NOON, offset=offset))
    assert values == [{"value": 60.0, "hours": 0.0, "day": 0, "local_hour": expected}]


def test_the_local_hour_is_below_24_to_the_last_microsecond_of_a_day_and_also_before_1970() -> None:
    last = NOON.replace(year=1969, month=1, day=2, hour=0) - A_TICK
    [hour] = Series([reading(last)]).local_hours()
    assert 23.999 < hour < 24


def test_more_readings_than_a_list_holds_make_the_result_not_computable() -> None:
    many = [reading(NOON - timedelta(seconds=n), client_id=str(n)) for n in range(MAX_READINGS + 1)]
    assert read(reads(PULSE, "all_within"), *many)[2] == "more than 1,000 readings of pulse"
    assert len(read(reads(PULSE, "all_within"), *many[1:])[0]) == MAX_READINGS  # type: ignore[arg-type]


def held(value: str, day: float) -> Held:
    return Held(microseconds(NOON + days(day)), f"f{day}", value)


@pytest.mark.parametrize(
    ("fact", "name", "rows", "expected"),
    [
        ("sex", "sex", [held("female", -9), held("other", 0), held("male", 1)], "other"),
        ("spo2_scale", "spo2_scale", [held("1", -9), held("2", -1)], 2),
        ("age", "birth_year", [held("1950", -9)], 76),
    ],
)
def test_a_fact_is_the_one_that_holds_at_the_time(
    fact: str, name: str, rows: list[Held], expected: object
) -> None:
    value, ids, _ = read({"fact": fact}, facts={name: rows})
    assert value == expected
    assert ids == [[row.id for row in rows if row.since <= microseconds(NOON)][-1]]
    assert read({"fact": fact}, facts={name: rows}, at=NOON - days(10))[2] == "no value for pulse"


def given_at(day: float, value: dict[str, Any] | None) -> Given:
    return Given(microseconds(NOON + days(day)), str(new_id()), value)


def test_another_scripts_results_are_read_as_measurements_are() -> None:
    rows = [
        given_at(-2, {"score": 1}),
        given_at(-0.5, {"score": 2}),
        given_at(0, None),
        given_at(1, {"score": 9}),
    ]
    declared = {"script": "other", "output": "score", "window_seconds": 86_400}
    latest = read({**declared, "how": "latest"}, results={"other": rows})
    assert latest == (None, [rows[2].id], "no value for pulse")
    assert read({**declared, "how": "all_within"}, results={"other": rows})[:2] == (
        [2],
        [rows[1].id, rows[2].id],
    )
    unknown = {**declared, "how": "latest", "output": "risk"}
    assert read(unknown, results={"other": rows[:2]})[2] == "no value for pulse"


@given(
    hours=st.lists(st.integers(0, 12).map(lambda half_days: half_days * 12)),
    asked=st.integers(0, 12).map(lambda half_days: half_days * 12),
    window=st.integers(1, 5),
)
def test_a_window_holds_what_a_plain_comparison_finds(hours: list[int], asked: int, window: int) -> None:
    each = [reading(NOON + timedelta(hours=hour), n, f"m-{n:03}") for n, hour in enumerate(hours)]
    at = NOON + timedelta(hours=asked)
    values, _, _ = read(reads(PULSE, "all_within", window, missing="none"), *each, at=at)
    since, until = microseconds(at - days(window)), microseconds(at)
    inside = sorted((*one.source[:2], one.value) for one in each if since < one.source[0] <= until)
    assert list(values) == [value for _, _, value in inside]  # type: ignore[arg-type]
