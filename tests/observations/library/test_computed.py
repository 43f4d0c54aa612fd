"""Readings and facts of a patient, sent as any others, give what the library's scripts are for."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from observations.models import Observation
from observations.readings import Component, Reading
from observations.scripts.library import LIBRARY
from observations.scripts.library.installing import install_library
from patients.models import FactSource
from patients.services.facts import FactOrigin, NewFact, record_facts
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON
from tests.observations.facts import record, state
from tests.observations.library.running import BY_NAME, agree
from tests.observations.library.test_kidney import ckd_epi

Work = Callable[[], int]
HOUR = timedelta(hours=1)


@pytest.fixture
def submitter(db: None, work: Work) -> Submitter:
    install_library(scripts=LIBRARY)
    owner = factories.submitter()
    state(owner, -40, "active")
    work()
    return owner


def say(submitter: Submitter, **facts: object) -> None:
    """Facts that always held."""
    said = [
        NewFact(f"fact-{name}", "p-1", name, value, NOON - 400 * 24 * HOUR) for name, value in facts.items()
    ]
    record_facts(organisation_id=submitter.organisation_id, facts=said, origin=FactOrigin(FactSource.API))


def reading(code: str, value: object, unit: str | None = None, hours: float = 0) -> Reading:
    """A reading of so many hours before noon."""
    at = NOON - hours * HOUR
    sent: Any = Decimal(str(value)) if type(value) in {int, float} else value
    return Reading(f"{code} {at}", "p-1", code, sent, unit, at)


def blood_pressure(systolic: int, diastolic: int, hours: float = 0) -> Reading:
    parts = {"8480-6": systolic, "8462-4": diastolic}
    return reading(
        "85354-9",
        tuple(Component(code, Decimal(value), "mm[Hg]") for code, value in parts.items()),
        hours=hours,
    )


def questionnaire(script: str, answer: str) -> Reading:
    """The same answer to every item."""
    declared = BY_NAME[script].inputs["answers"]
    return reading(declared["code"], tuple(Component(item, answer) for item in declared["fields"].values()))


def newest(name: str) -> Observation:
    found = Observation.objects.filter(script__name=name, superseded_at=None).order_by("as_of").last()
    assert found is not None
    return found


def assert_gives(name: str, interpretation: str, **values: object) -> None:
    """Fail unless the newest result of a script is this."""
    found = newest(name)
    assert found.not_computable == ""
    assert agree(found.value, values)
    assert found.interpretation == interpretation


def healthy(*, but: Iterable[Reading] = ()) -> list[Reading]:
    """A set of normal observations, but for some."""
    changed = list(but)
    normal = [
        reading("9279-1", 16, "/min"),
        reading("59408-5", 98, "%"),
        reading("supplemental-oxygen", value=False),
        reading("8867-4", 70, "/min"),
        reading("80288-4", "LA9340-6"),
        reading("8310-5", 37, "Cel"),
        blood_pressure(120, 80),
    ]
    codes = {each.code for each in changed}
    return [*changed, *(each for each in normal if each.code not in codes)]


def test_a_set_of_observations_gives_the_early_warning_scores(submitter: Submitter, work: Work) -> None:
    ill = [
        reading("9279-1", 22, "/min", hours=1),
        reading("59408-5", 94, "%", hours=1),
        reading("supplemental-oxygen", value=True),
        reading("8867-4", 115, "/min"),
        reading("8310-5", 101.12, "[degF]"),
        blood_pressure(105, 70),
    ]
    record(submitter, *healthy(but=ill))
    work()
    assert_gives("news2", "critical", score=9, risk="high")
    assert_gives("mews", "normal", score=4)
    assert_gives("mean-arterial-pressure", "", result=70 + 35 / 3)


def test_the_saturation_scale_is_that_of_the_fact(submitter: Submitter, work: Work) -> None:
    say(submitter, spo2_scale=2)
    record(submitter, *healthy(but=[reading("59408-5", 88, "%")]))
    work()
    assert_gives("news2", "normal", score=0, risk="low")


def test_an_observation_of_more_than_twelve_hours_ago_belongs_to_another_set(
    submitter: Submitter, work: Work
) -> None:
    record(submitter, *healthy(but=[reading("8867-4", 70, "/min", hours=13)]))
    work()
    assert newest("news2").not_computable == "pulse is stale"
    assert newest("mews").not_computable == "pulse is stale"


def test_without_knowing_whether_oxygen_is_given_there_is_no_news2(submitter: Submitter, work: Work) -> None:
    record(submitter, *(each for each in healthy() if each.code != "supplemental-oxygen"))
    work()
    assert newest("news2").not_computable == "no value for on_oxygen"


def test_weights_and_a_height_give_the_index_its_class_and_the_gain(submitter: Submitter, work: Work) -> None:
    say(submitter, birth_year=1980)
    record(
        submitter,
        reading("8302-2", 170, "cm", hours=24 * 30),
        reading("29463-7", 70, "kg", hours=72),
        reading("29463-7", 72250, "g"),
    )
    work()
    assert_gives("bmi", "", result=25)
    assert_gives("bmi-class", "abnormal", **{"class": "pre-obese"})
    assert_gives("weight-gain-3d", "abnormal", gain=2.25)


def test_four_days_of_blood_pressure_at_home_give_their_average_without_the_first(
    submitter: Submitter, work: Work
) -> None:
    later = [blood_pressure(136, 84, 24 * day + hour) for day in range(3) for hour in (0, 0.1, 4, 4.1)]
    record(submitter, *later, *(blood_pressure(180, 110, 72 + hour) for hour in (0, 0.1, 4, 4.1)))
    work()
    assert_gives("home-blood-pressure-7d", "abnormal", systolic=136, diastolic=84, readings=12)


def test_a_creatinine_in_either_unit_gives_the_filtration_rate(submitter: Submitter, work: Work) -> None:
    say(submitter, sex="female", birth_year=1976)
    record(submitter, reading("2160-0", 1, "mg/dL", hours=1))
    work()
    assert_gives("egfr-ckd-epi-2021", "normal", egfr=float(ckd_epi(Decimal(1), "female", 50)), category="G2")
    record(submitter, reading("2160-0", 125, "umol/L"))
    work()
    creatinine = 125 * Decimal("113.12") / 10000
    assert_gives(
        "egfr-ckd-epi-2021", "abnormal", egfr=float(ckd_epi(creatinine, "female", 50)), category="G3a"
    )


def test_without_the_facts_that_it_needs_a_result_says_which_is_missing(
    submitter: Submitter, work: Work
) -> None:
    say(submitter, birth_year=1976)
    record(submitter, reading("2160-0", 1, "mg/dL"))
    work()
    assert newest("egfr-ckd-epi-2021").not_computable == "no value for sex"


def test_questionnaires_count_what_the_catalogue_says_of_their_answers(
    submitter: Submitter, work: Work
) -> None:
    record(submitter, questionnaire("phq-9", "LA6569-3"), questionnaire("cat", "3"))
    work()
    assert_gives("phq-9", "abnormal", score=9, severity="mild", self_harm=True)
    assert_gives("cat", "abnormal", score=24, impact="high")


def test_two_weeks_of_glucose_give_the_measures_of_the_consensus(submitter: Submitter, work: Work) -> None:
    readings = [24 * day + hour for day in range(10) for hour in (0, 3, 6, 9)]
    record(submitter, *(reading("2339-0", 120, "mg/dL", hours) for hours in readings))
    work()
    shares = {"very_low": 0, "low": 0, "in_range": 100, "high": 0, "very_high": 0}
    assert_gives("glucose-14d", "normal", mean=120, cv=0, gmi=3.31 + 0.02392 * 120, readings=40, **shares)
    assert_gives("glucose-7d", "", mean=120, in_range=100)


def test_a_pulse_that_rises_over_a_day_has_a_trend(submitter: Submitter, work: Work) -> None:
    record(submitter, *(reading("8867-4", 100 - 2 * hours, "/min", hours) for hours in (0, 4, 8, 12, 16, 20)))
    work()
    assert_gives("pulse-trend-24h", "", result=2)
