"""What the simulator expects, against examples worked out by hand."""

import random

import pytest

from observations.simulator.actions import Patient, Progress, Single
from observations.simulator.contents import make_reading
from observations.simulator.expectation import (
    Glucose,
    expected_of,
    glucose_of,
    is_covered,
    periods_of,
    possible_outcomes,
)
from tests.observations.simulator.facts import day, glucose, measure, retract, state


def test_periods_begin_with_active_and_end_with_the_next_inactive_whatever_the_order_of_saying() -> None:
    patient = Patient("p")
    later = state(patient, 5)
    end = state(patient, 3, active=False)
    begin, again = state(patient, 1), state(patient, 2)
    assert periods_of([later, end, begin, again]) == [(day(1), day(3)), (day(5), None)]


def test_an_activation_undone_at_its_own_instant_leaves_no_period() -> None:
    patient = Patient("p")
    said = [state(patient, 1, name="a"), state(patient, 1, active=False, name="b")]
    assert periods_of(said) == []


def test_what_becomes_inactive_without_having_been_active_has_no_period() -> None:
    assert periods_of([state(Patient("p"), 1, active=False)]) == []


def test_a_period_holds_its_begin_and_not_its_end() -> None:
    periods = [(day(1), day(2))]
    assert is_covered(periods, day(1))
    assert not is_covered(periods, day(2))
    assert is_covered([(day(1), None)], day(9))


def test_before_a_link_is_seen_a_reading_may_be_accepted_or_held() -> None:
    said = state(Patient("p"), 1)
    assert possible_outcomes([], [said], day(2)) == {"accepted", "held"}
    assert possible_outcomes([said], [said], day(2)) == {"accepted"}
    assert possible_outcomes([said], [said], day(0)) == {"held"}
    assert possible_outcomes([], [], day(2)) == {"held"}


def test_after_a_deactivation_was_sent_a_reading_may_be_accepted_or_held() -> None:
    patient = Patient("p")
    begin, end = state(patient, 1), state(patient, 2, active=False)
    assert possible_outcomes([begin], [begin, end], day(3)) == {"accepted", "held"}
    assert possible_outcomes([begin], [begin, end], day(1.5)) == {"accepted"}


def test_a_reading_is_held_counted_replaced_or_in_error() -> None:
    patient = Patient("p")
    state(patient, 0)
    early, plain, wrong, both = (
        measure(patient, -1),
        measure(patient, 1),
        measure(patient, 2),
        measure(patient, 3),
    )
    correction = measure(patient, 2, replaces=wrong.client_id)
    other = measure(patient, 3, replaces=both.client_id)
    retract(both)
    assert expected_of(patient).statuses == {
        early.client_id: "held",
        plain.client_id: "counted",
        wrong.client_id: "replaced",
        both.client_id: "entered-in-error",
        correction.client_id: "counted",
        other.client_id: "counted",
    }


def test_what_was_not_answered_is_not_expected() -> None:
    patient = Patient("p")
    state(patient, 0).progress = Progress.UNANSWERED
    measure(patient, 1).progress = Progress.SENT
    expected = expected_of(patient)
    assert (expected.periods, expected.statuses, expected.glucose) == ([], {}, {})


def test_glucose_is_expected_as_of_every_time_from_the_seven_days_until_then() -> None:
    patient = Patient("p")
    first = measure(patient, 0, glucose(60))
    second = measure(patient, 3, glucose(120))
    third = measure(patient, 7, glucose(240))
    measure(patient, 7, Single("meal-typical", value=True))
    assert glucose_of(patient.readings) == {
        day(0): Glucose((first.measurement or "",), 60, 0),
        day(3): Glucose((first.measurement or "", second.measurement or ""), 90, 50),
        # The window does not hold its begin.
        day(7): Glucose((second.measurement or "", third.measurement or ""), 180, 50),
    }


def test_readings_of_one_time_are_ordered_by_their_client_ids_and_give_one_result() -> None:
    patient = Patient("p")
    late = measure(patient, 0, glucose(180), client_id="b")
    early = measure(patient, 0, glucose(70), client_id="a")
    assert glucose_of(patient.readings) == {
        day(0): Glucose((early.measurement or "", late.measurement or ""), 125, 100)
    }


@pytest.mark.parametrize(
    ("code", "unit", "sent", "canonical"),
    [
        ("29463-7", "[lb_av]", 100, 45.359237),
        ("29463-7", "g", 2500, 2.5),
        ("8310-5", "[degF]", 98.6, 37),
        ("8302-2", "[in_i]", 70, 177.8),
        ("2339-0", "mmol/L", 5.5, 99.0858),
        ("2339-0", "mg/dL", 104, 104),
    ],
)
def test_the_simulator_converts_as_the_definitions_of_the_units_say(
    code: str, unit: str, sent: float, canonical: float
) -> None:
    # A linear conversion is fixed by two points; readings that chance makes lie on the line through this one.
    chance = random.Random(1)  # noqa: S311 - the same on every machine
    made = [make_reading(chance).content for _ in range(4000)]
    found = [one for one in made if isinstance(one, Single) and (one.code, one.unit) == (code, unit)]
    assert found
    slope = {"[lb_av]": 0.45359237, "g": 0.001, "[degF]": 5 / 9, "[in_i]": 2.54, "mmol/L": 18.0156}.get(
        unit, 1
    )
    for one in found:
        assert one.canonical == pytest.approx(canonical + (float(one.value) - sent) * slope, rel=1e-12)
