"""What a script reads as of a time: pure functions over one patient's covered measurements."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from clinical_engine.common.identifiers import new_id
from observations.windows import Fact, InputSpec, PatientFacts
from tests.factories import NOON

WEEK = timedelta(days=7)
GLUCOSE = InputSpec("2339-0", WEEK)
A_TICK = timedelta(microseconds=1)


def fact(measured_at: datetime, client_id: str = "m", value: float = 100) -> Fact:
    return Fact(measured_at, client_id, new_id(), value)


def glucose(*facts: Fact) -> PatientFacts:
    return PatientFacts(("2339-0", one) for one in facts)


def test_the_time_of_the_result_belongs_to_the_window_and_its_beginning_does_not() -> None:
    at_the_beginning = fact(NOON - WEEK)
    just_inside = fact(NOON - WEEK + A_TICK)
    now = fact(NOON)
    later = fact(NOON + A_TICK)
    read = glucose(later, now, just_inside, at_the_beginning).as_of(NOON, {"glucose": GLUCOSE})
    assert read.derived_from == (just_inside.id, now.id)


def test_readings_of_one_time_are_in_the_order_of_their_client_ids() -> None:
    facts = [fact(NOON, client_id, value) for client_id, value in (("c", 3), ("a", 1), ("b", 2))]
    assert glucose(*facts).as_of(NOON, {"g": GLUCOSE}).values == {"g": (1, 2, 3)}


def test_only_the_declared_codes_are_read() -> None:
    facts = PatientFacts([("2339-0", fact(NOON, value=1)), ("8867-4", fact(NOON, value=2))])
    assert facts.as_of(NOON, {"pulse": InputSpec("8867-4", WEEK)}).values == {"pulse": (2,)}
    assert facts.as_of(NOON, {"none": InputSpec("29463-7", WEEK)}).derived_from == ()


def test_a_measurement_that_two_inputs_read_is_one_source() -> None:
    facts = [fact(NOON - timedelta(days=day), str(day)) for day in (0, 2)]
    specs = {"week": GLUCOSE, "day": InputSpec("2339-0", timedelta(days=1))}
    read = glucose(*facts).as_of(NOON, specs)
    assert {name: len(values) for name, values in read.values.items()} == {"week": 2, "day": 1}
    assert read.derived_from == (facts[1].id, facts[0].id)


def test_a_result_is_due_once_at_each_time_of_a_reading() -> None:
    facts = glucose(fact(NOON, "a"), fact(NOON, "b"), fact(NOON - WEEK), fact(NOON + WEEK))
    assert facts.times_since({"2339-0", "8867-4"}, NOON) == [NOON, NOON + WEEK]
    assert facts.times_since({"8867-4"}, NOON) == []


@given(
    hours=st.lists(st.integers(0, 12).map(lambda half_days: half_days * 12)),
    asked=st.integers(0, 12).map(lambda half_days: half_days * 12),
    days=st.integers(1, 5),
)
def test_a_window_holds_what_a_plain_comparison_finds(hours: list[int], asked: int, days: int) -> None:
    facts = [fact(NOON + timedelta(hours=hour), f"m-{n:03}") for n, hour in enumerate(hours)]
    time, window = NOON + timedelta(hours=asked), timedelta(days=days)
    read = glucose(*facts).as_of(time, {"g": InputSpec("2339-0", window)})
    inside = [one for one in facts if time - window < one.measured_at <= time]
    inside.sort(key=lambda one: (one.measured_at, one.client_id))
    assert read.derived_from == tuple(one.id for one in inside)
