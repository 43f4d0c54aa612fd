"""Results that stand although nothing that they were made from is another, and those that must not."""

from collections.abc import Callable

import pytest

from clinical_engine.jobs import worker
from observations.models import Observation, ScriptVersion
from observations.scripts.publishing import resume
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.observations.facts import current, reasons, record, state
from tests.observations.scripts.writing import PULSE, WEIGHT, content, gives, publish, reads, reads_script
from tests.patients.facts import support as facts

Work = Callable[[], int]


@pytest.fixture
def submitter(db: None) -> Submitter:
    return factories.submitter()


def measure(submitter: Submitter, day: float, code: str = PULSE, value: float = 60) -> None:
    unit = "/min" if code == PULSE else "kg"
    record(submitter, factories.reading("p-1", value, NOON + days(day), code=code, unit=unit))


def test_why_nothing_is_computable_does_not_depend_on_what_came_first(
    submitter: Submitter, work: Work
) -> None:
    declared = {"pulse": reads(PULSE, window_days=3, stale_after_seconds=86_400), "weight": reads(WEIGHT)}
    publish("sum", content("result = pulse + weight", declared))
    state(submitter, -40, "a")
    measure(submitter, 0, WEIGHT, 80)
    work()
    assert [row.not_computable for row in current()] == ["no value for pulse"]
    # Within the window, but too old: it is not read, and leaves no trace among what the result is made from.
    measure(submitter, -2)
    work()
    assert [row.not_computable for row in current()] == ["no value for weight", "pulse is stale"]
    assert reasons() == {NOON: ["what it lacks changed"]}


def test_a_result_that_another_one_triggers_reads_the_first_reading_of_its_own_activation(
    submitter: Submitter, work: Work
) -> None:
    publish("pulse", content("result = pulse", {"pulse": reads(PULSE)}))
    declared = {"pulse": reads_script("pulse"), "start": {"code": WEIGHT, "how": "first_after_activation"}}
    outputs = {"weight": gives(), "pulse": gives(code="the-pulse")}
    publish("start", content("result = {'weight': start, 'pulse': pulse}", declared, outputs))
    state(submitter, -40, "a")
    state(submitter, -20, "b", active=False)
    state(submitter, -10, "c")
    measure(submitter, -30, WEIGHT, 90)
    measure(submitter, -9)
    work()
    # At that time there is no weight whose association could be asked for.
    [before] = Observation.objects.filter(script__name="start", as_of=NOON - days(9))
    assert before.not_computable == "no value for start"
    measure(submitter, -8, WEIGHT, 80)
    measure(submitter, -7)
    work()
    [after] = Observation.objects.filter(script__name="start", as_of=NOON - days(7))
    assert after.value == {"weight": 80, "pulse": 60}


def test_another_first_reading_gives_another_result_although_it_was_read_before_as_one_of_all(
    submitter: Submitter,
) -> None:
    declared = {
        "first": {"code": PULSE, "how": "first_after_activation"},
        "every": reads(PULSE, "all_within", 30),
    }
    publish("since", content("result = first", declared))
    state(submitter, -40, "a")
    worker.work("associate", "default")
    state(submitter, -6, "left", active=False)
    state(submitter, -4, "back")
    measure(submitter, -8, value=68)
    measure(submitter, -3, value=63)
    # Before the periods are folded, and again after.
    for kind in ("recompute", "associate", "recompute"):
        worker.work(kind, "default")
    assert {row.as_of: row.value for row in current()} == {
        NOON - days(8): {"result": 68},
        NOON - days(3): {"result": 63},
    }
    assert reasons() == {NOON - days(3): ["another reading is the first since the activation"]}


def test_a_result_that_is_computed_again_and_is_the_same_stands(submitter: Submitter, work: Work) -> None:
    # Calendar days depend on more than the readings: what is made of them is computed again whenever it is looked at.
    declared = {"pulses": reads(PULSE, "all_within", timed=True)}
    publish("today", content("result = len([p for p in pulses if p.day == 0])", declared))
    state(submitter, -40, "a")
    measure(submitter, 0)
    work()
    ids = [row.id for row in current()]
    measure(submitter, -9)
    work()
    assert [row.id for row in current()][-1:] == ids
    assert reasons() == {}


def test_what_stands_of_a_suspended_version_stays_until_it_computes_again(
    submitter: Submitter, work: Work
) -> None:
    version = publish("sum", content("result = sum(pulses)", {"pulses": reads(PULSE, "all_within")}))
    state(submitter, -40, "a")
    measure(submitter, 0)
    work()
    ScriptVersion.objects.update(suspended_at=NOON)
    measure(submitter, -0.5)
    work()
    assert [row.value for row in current()] == [{"result": 60}]
    assert resume(actor=factories.user(), version=version, reason="Mended") == NOON - days(0.5)
    measure(submitter, -0.5)
    work()
    assert [row.value for row in current()] == [{"result": 120}, {"result": 180}]


def test_a_fact_that_is_taken_back_is_no_longer_read_from_its_very_time_on(
    submitter: Submitter, work: Work
) -> None:
    declared = {"pulse": reads(PULSE), "scale": {"fact": "spo2_scale", "missing": "default", "default": 1}}
    publish("scaled", content("result = pulse * scale", declared))
    state(submitter, -40, "a")
    for day in (-1, 0, 1):
        measure(submitter, day)
    facts.record(submitter.organisation, facts.fact("spo2_scale", 2, NOON, client_id="f"))
    work()
    assert [row.value for row in current()] == [{"result": 60}, {"result": 120}, {"result": 120}]
    facts.retract(submitter.organisation, "f")
    work()
    assert [row.value for row in current()] == [{"result": 60}, {"result": 60}, {"result": 60}]
    assert reasons() == {NOON + days(day): ["a fact about the patient changed"] for day in (0, 1)}
