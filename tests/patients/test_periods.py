"""The fold: the periods of a pair are a pure function of its statements."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from patients.periods import Period, Said, fold
from tests.patients.histories import INSTANTS, at, is_active, statements


def said(*spoken: tuple[float, bool]) -> list[Said]:
    """Statements at these minutes; the client ids in the order they are given."""
    return [Said(at(minute), f"s-{number:03}", active) for number, (minute, active) in enumerate(spoken)]


def test_nothing_said_is_no_period() -> None:
    assert fold([]) == []


def test_an_activation_opens_a_period_and_a_deactivation_ends_it() -> None:
    assert fold(said((1, True))) == [Period(at(1), None)]
    assert fold(said((1, True), (5, False))) == [Period(at(1), at(5))]
    assert fold(said((1, True), (5, False), (7, True))) == [Period(at(1), at(5)), Period(at(7), None)]


def test_a_deactivation_of_somebody_who_is_not_active_changes_nothing() -> None:
    assert fold(said((1, False))) == []
    assert fold(said((1, False), (2, True))) == [Period(at(2), None)]


def test_saying_the_same_again_changes_nothing() -> None:
    assert fold(said((1, True), (3, True))) == [Period(at(1), None)]
    assert fold(said((1, True), (3, False), (5, False))) == [Period(at(1), at(3))]


def test_an_activation_that_arrives_late_does_not_undo_a_newer_deactivation() -> None:
    assert fold(said((5, False), (1, True))) == [Period(at(1), at(5))]


def test_an_earlier_activation_that_arrives_late_makes_the_period_longer() -> None:
    assert fold(said((5, True), (1, True))) == [Period(at(1), None)]


def test_at_one_instant_the_client_ids_decide() -> None:
    # Activated and undone at the instant itself: nothing is left. The other way round the activation counts.
    assert fold([Said(at(1), "a", active=True), Said(at(1), "b", active=False)]) == []
    assert fold([Said(at(1), "b", active=True), Said(at(1), "a", active=False)]) == [Period(at(1), None)]


def test_ending_and_beginning_at_one_instant_leaves_no_gap() -> None:
    history = [
        Said(at(1), "a", active=True),
        Said(at(5), "b", active=False),
        Said(at(5), "c", active=True),
    ]
    assert fold(history) == [Period(at(1), at(5)), Period(at(5), None)]


@given(history=statements(), random=st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_periods(history: list[Said], random: Random) -> None:
    shuffled = random.sample(history, len(history))
    assert fold(shuffled) == fold(history)
    assert fold(history + shuffled) == fold(history)


@given(history=statements())
def test_periods_are_in_order_and_never_overlap_and_are_never_empty(history: list[Said]) -> None:
    periods = fold(history)
    assert all(period.ends is None or period.begins < period.ends for period in periods)
    assert all(one.ends is not None and one.ends <= other.begins for one, other in pairwise(periods))


@given(history=statements())
def test_an_instant_is_covered_exactly_when_the_last_statement_up_to_it_says_active(
    history: list[Said],
) -> None:
    periods = fold(history)
    for instant in INSTANTS:
        covering = [p for p in periods if p.begins <= instant and (p.ends is None or instant < p.ends)]
        assert len(covering) == is_active(history, instant)
