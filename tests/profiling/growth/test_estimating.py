from dataclasses import replace
from datetime import timedelta
from math import exp, isfinite
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical_engine.profiling.growth.estimating import estimate
from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.growth.verdicts import Measure, Outlook
from tests.profiling.growth.histories import FIRST, LIMITS, day, grown, history

LINEAR = history(lambda _, patients: patients)
QUADRATIC = history(lambda _, patients: patients**2 / 1e4)
FLAT = history(lambda *_: 10_000.0)


@pytest.mark.parametrize(("days", "exponent"), [(LINEAR, 1.0), (QUADRATIC, 2.0)])
def test_a_duration_that_follows_the_patients_grows_with_that_power(days: list[Day], exponent: float) -> None:
    verdict = estimate(days, LIMITS)
    fit = next(fit for fit in verdict.fits if fit.measure is Measure.DURATION)
    assert verdict.outlook is Outlook.GROWS
    assert fit.driver == "active_patients"
    assert fit.low < exponent < fit.high
    assert fit.high - fit.low < 0.6


def test_a_duration_that_only_varies_is_steady() -> None:
    assert estimate(FLAT, LIMITS).outlook is Outlook.STEADY
    assert estimate(FLAT, LIMITS).crossing is None


def test_the_limit_is_told_in_patients_and_as_a_day() -> None:
    # The slowest twentieth takes 2.5 us a patient: 30 s at 12 million.
    crossing = estimate(LINEAR, LIMITS).crossing
    assert crossing is not None
    assert crossing.driver_at_limit == pytest.approx(12e6, rel=0.35)
    assert crossing.on is not None
    assert crossing.earliest is not None
    assert crossing.earliest <= crossing.on
    # A thousand times the patients at three percent a month: decades.
    assert timedelta(days=365 * 15) < crossing.on - LINEAR[-1].day < timedelta(days=365 * 24)


def test_one_parameter_for_each_patient_is_seen_long_before_the_policy_is_reached() -> None:
    days = [replace(each, parameters=int(grown(number))) for number, each in enumerate(FLAT)]
    verdict = estimate(days, LIMITS)
    crossing = verdict.crossing
    assert verdict.outlook is Outlook.GROWS
    assert crossing is not None
    assert crossing.measure is Measure.PARAMETERS
    assert crossing.driver_at_limit == pytest.approx(65_535, rel=0.02)
    assert crossing.on is not None
    # 10,000 become 65,535 in 1,932 days.
    assert crossing.on - FIRST == pytest.approx(timedelta(days=1932), abs=timedelta(days=40))


def test_a_fixed_cost_beneath_does_not_promise_headroom() -> None:
    # Of the 60 ms, 40 are fixed; the power of the slope alone would last far longer than the line does.
    days = history(lambda _, patients: 40_000 + 2 * patients, days=700, noise=0.02)
    crossing = estimate(days, replace(LIMITS, duration_us=500_000)).crossing
    assert crossing is not None
    assert crossing.driver_at_limit == pytest.approx((500_000 / 2.5 - 40_000) / 2, rel=0.35)


def restless() -> list[Day]:
    """Days whose growth is not clear yet; one in twenty executions takes about 28 ms in the end."""
    return history(lambda _, patients: 10_000 * (patients / 1e4) ** 0.4, days=500, noise=0.16)


@pytest.mark.parametrize(("limit_us", "grows"), [(50e3, True), (100e3, False), (30e6, False)])
def test_the_nearer_the_limit_the_less_evidence_is_asked_for(limit_us: float, *, grows: bool) -> None:
    verdict = estimate(restless(), replace(LIMITS, duration_us=limit_us))
    assert (verdict.outlook is Outlook.GROWS) is grows


def test_rows_that_become_more_speak_for_a_duration_that_grows() -> None:
    more_rows = [replace(each, rows=grown(number)) for number, each in enumerate(restless())]
    crossing = estimate(more_rows, replace(LIMITS, duration_us=100e3)).crossing
    assert crossing is not None
    assert crossing.measure is Measure.DURATION


def test_a_release_that_makes_it_slower_is_a_change_and_no_growth() -> None:
    verdict = estimate(history(lambda number, _: 10_000 if number < 200 else 16_000), LIMITS)
    assert verdict.outlook is not Outlook.GROWS
    assert [(change.release, round(change.factor, 1)) for change in verdict.changes] == [("r10", 1.6)]
    assert verdict.changes[0].day == FIRST + timedelta(days=200)


def test_a_cost_that_halved_with_a_release_is_told_as_such() -> None:
    reason = estimate(history(lambda number, _: 10_000 if number < 200 else 5_000), LIMITS).reason
    assert "stayed as it was between releases but for noise" in reason
    assert "It became cheaper with release r10: 0.5 times the duration before." in reason


def test_a_cost_that_fell_by_itself_is_told_as_such() -> None:
    days = [replace(each, release="r1") for each in history(lambda number, _: 20_000 * exp(-number / 400))]
    verdict = estimate(days, LIMITS)
    assert verdict.outlook is Outlook.STEADY
    assert "its duration fell by itself to about 0.37 times what it was" in verdict.reason


def test_a_cost_that_stayed_as_it_was_is_told_so_in_few_words() -> None:
    assert estimate(FLAT, LIMITS).reason.endswith(
        "times as many, its duration stayed as it was but for noise."
    )


def test_growth_is_seen_through_a_release_that_makes_it_faster() -> None:
    days = history(lambda number, patients: patients * (1 if number < 300 else 0.5), days=700)
    assert estimate(days, LIMITS).outlook is Outlook.GROWS


def test_what_ran_for_a_month_is_too_little() -> None:
    verdict = estimate(LINEAR[:30], LIMITS)
    assert verdict.outlook is Outlook.TOO_LITTLE_DATA
    assert "120 days" in verdict.reason


def test_what_ran_once_is_told_in_the_singular() -> None:
    reason = estimate(LINEAR[:1], LIMITS).reason
    assert reason.startswith("It ran in 1 different week or month, over 0 days; 10 are needed")


def test_a_duration_that_varies_too_much_says_so_with_its_bounds() -> None:
    verdict = estimate(history(lambda *_: 10_000.0, days=300, noise=1.0), LIMITS)
    assert verdict.outlook is Outlook.TOO_LITTLE_DATA
    assert verdict.reason.endswith(
        "its duration varied too much to tell growth from noise (power of -0.1 to 2.9)."
    )


def test_patients_that_stay_as_many_tell_nothing() -> None:
    days = [replace(each, drivers={"active_patients": 5_000.0}) for each in LINEAR]
    assert estimate(days, LIMITS).outlook is Outlook.TOO_LITTLE_DATA


def test_days_of_a_clock_that_was_wrong_change_nothing() -> None:
    future = [replace(each, day=each.day.replace(year=2098), middle_us=9e9) for each in LINEAR[:3]]
    past = replace(LINEAR[0], day=LINEAR[0].day.replace(year=1970))
    assert estimate([past, *reversed(LINEAR), *future], LIMITS) == estimate(LINEAR, LIMITS)


def test_a_day_twice_is_one_day() -> None:
    halves = [replace(each, calls=each.calls // 2) for each in LINEAR for _ in range(2)]
    assert estimate(halves, LIMITS).reason == estimate(LINEAR, LIMITS).reason


def test_a_verdict_becomes_json() -> None:
    told = msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(estimate(LINEAR, LIMITS))))
    assert told["outlook"] == "grows"
    assert told["crossing"]["limit_name"] == "statement timeout"


@pytest.mark.parametrize("days", [LINEAR, FLAT])
@pytest.mark.parametrize("factor", [0.01, 3.0, 1000.0])
def test_the_unit_of_time_does_not_matter(days: list[Day], factor: float) -> None:
    scaled = [replace(each, middle_us=each.middle_us * factor, p95_us=each.p95_us * factor) for each in days]
    verdict = estimate(scaled, replace(LIMITS, duration_us=LIMITS.duration_us * factor))
    unscaled = estimate(days, LIMITS)
    assert verdict.outlook is unscaled.outlook
    assert [fit.exponent for fit in verdict.fits] == pytest.approx(
        [fit.exponent for fit in unscaled.fits], abs=1e-6
    )


def any_days(seed: int) -> list[Day]:
    """Days of any sense or none: costs and drivers that are no numbers, dates far off or twice, no calls."""
    chance = Random(seed)  # noqa: S311 - no secret
    sound = chance.choice((0.3, 0.9, 1.0))

    def cost(low: float, high: float) -> float:
        odd = (0.0, 1.0, float("nan"), float("inf"), -1.0, 1e300)
        return exp(chance.uniform(low, high)) if chance.random() < sound else chance.choice(odd)

    apart = chance.choice((1, 7, 30))
    found = []
    for place in range(chance.randrange(60)):
        number = place * apart if chance.random() < sound else chance.choice((-20_000, 0, 3, 400, 2_900_000))
        drivers = {name: cost(0, 25) for name in ("active_patients", "submitters") if chance.random() < sound}
        found.append(
            day(
                number,
                0.0,
                calls=chance.choice((0, 1, 5, 10**12))
                if chance.random() > sound
                else chance.randrange(1, 10**6),
                median_us=cost(0, 30),
                middle_us=cost(0, 30),
                p95_us=cost(0, 30),
                rows=cost(-5, 20),
                parameters=chance.choice((0, 3, place, 10**9)),
                values=chance.choice((0, place * place)),
                drivers=drivers
                if chance.random() > sound / 2
                else {"active_patients": grown(number % 4_000)},
                release=f"r{chance.randrange(3)}",
            )
        )
    return found


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_days_give_a_verdict(seed: int) -> None:
    verdict = estimate(any_days(seed), LIMITS)
    assert verdict.reason.endswith(".")
    for fit in verdict.fits:
        assert all(
            isfinite(figure) for figure in (fit.exponent, fit.low, fit.high, fit.at(1.0), fit.at(1e15))
        )
        assert fit.low <= fit.exponent <= fit.high
    if verdict.crossing is not None:
        assert verdict.crossing.driver_at_limit >= verdict.crossing.driver_now
        assert verdict.outlook is Outlook.GROWS
