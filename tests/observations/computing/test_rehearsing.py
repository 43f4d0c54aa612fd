"""A rehearsal gives what live work gives, for drafts too, and stores nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinical_engine.common.errors import RefusedError
from observations.computing import rehearsing
from observations.computing.rehearsing import Rehearsal, rehearse, rehearse_step_by_step
from observations.engine import Result
from observations.models import Observation, ScriptFailure, ScriptVersion
from observations.readings import Reading
from observations.scripts.library import LIBRARY
from observations.scripts.library.installing import install_library
from observations.scripts.publishing import publish_released
from patients.models import Patient
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.observations.facts import record, state
from tests.observations.library.test_computed import blood_pressure, reading, say
from tests.observations.scripts.writing import (
    PULSE,
    SINCE_EVER,
    WEIGHT,
    content,
    draft,
    publish,
    reads,
    reads_script,
)
from tests.patients.test_folding import undone

Work = Callable[[], int]
SINCE, UNTIL = NOON - days(30), NOON + days(1)
SPO2, BREATHS, TEMPERATURE, HEIGHT = "59408-5", "9279-1", "8310-5", "8302-2"
UNITS = {PULSE: "/min", WEIGHT: "kg", SPO2: "%", BREATHS: "/min", TEMPERATURE: "Cel", HEIGHT: "cm"}


@pytest.fixture
def submitter(db: None, work: Work) -> Submitter:
    owner = factories.submitter()
    state(owner, -60, "active")
    work()
    return owner


def patient() -> Patient:
    return Patient.objects.select_related("organisation").get()


def pulses(submitter: Submitter, *values: float) -> None:
    """A pulse an hour, the last one at noon."""
    last = len(values) - 1
    sent = (reading(PULSE, value, "/min", hours=last - number) for number, value in enumerate(values))
    record(submitter, *sent)


def pulse_script(source: str) -> ScriptVersion:
    return draft("pulse", content(source, {"pulse": reads(PULSE)}))


def given_by(version: ScriptVersion) -> Rehearsal:
    return rehearse(version, patient(), SINCE, UNTIL)


def said(rehearsal: Rehearsal) -> list[Any]:
    return [
        one.not_computable or one.failure or (one.output and one.output.values["result"])
        for one in rehearsal.results
    ]


def some_readings() -> st.SearchStrategy[list[Reading]]:
    hours = st.integers(0, 30 * 24)
    plain = st.builds(
        lambda code, value, at: reading(code, value, UNITS[code], at),
        st.sampled_from([*UNITS]),
        st.integers(30, 180),
        hours,
    )
    pressures = st.builds(blood_pressure, st.integers(80, 200), st.integers(40, 79), hours)
    found = st.lists(plain | pressures, min_size=1, max_size=25)
    return found.map(lambda readings: [*{one.client_id: one for one in readings}.values()])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(readings=some_readings())
def test_every_script_of_the_library_gives_what_stands_after_live_work(
    submitter: Submitter, work: Work, readings: list[Reading]
) -> None:
    with undone():
        install_library(scripts=LIBRARY)
        record(submitter, *readings)
        say(submitter, sex="female", birth_year=1950, spo2_scale=1)
        work()
        assert Observation.objects.exists()
        for version in ScriptVersion.objects.select_related("script"):
            rehearsal = given_by(version)
            rows = Observation.objects.filter(script=version.script, superseded_at=None).order_by("as_of")
            assert [one.as_of for one in rehearsal.results] == [row.as_of for row in rows]
            for one, row in zip(rehearsal.results, rows, strict=True):
                values = None if one.output is None else (one.output.values, one.output.interpretation)
                stored = None if row.value is None else (row.value, row.interpretation)
                assert (values, one.not_computable) == (stored, row.not_computable)
                assert not one.differs
            assert (rehearsal.left_out, rehearsal.vanishing) == (0, 0)


def test_a_draft_gives_what_it_gives_once_it_is_published(submitter: Submitter, work: Work) -> None:
    version = draft("sum", content("result = sum(all)", {"all": reads(PULSE, "all_within", 1)}))
    pulses(submitter, 60, 70, 80)
    work()
    foreseen = said(given_by(version))
    assert foreseen == [60, 130, 210]
    publish_released(version=version, effective_from=SINCE_EVER)
    pulses(submitter, 60, 70, 80)
    record(submitter, reading(PULSE, 50, "/min", hours=40))
    work()
    current = Observation.objects.filter(superseded_at=None).order_by("as_of")
    assert [row.value["result"] for row in current if row.value][1:] == foreseen


def test_what_stands_is_shown_beside_what_a_draft_gives_and_nothing_is_stored(
    submitter: Submitter, work: Work
) -> None:
    publish("pulse", content("result = pulse", {"pulse": reads(PULSE)}))
    pulses(submitter, 60, 90)
    work()
    before = list(Observation.objects.order_by("id").values())
    version = pulse_script("if pulse > 80:\n    result = 80\nelse:\n    result = pulse")
    rehearsal = given_by(version)
    assert [(one.differs, one.stands and one.stands.values) for one in rehearsal.results] == [
        (False, {"result": 60.0}),
        (True, {"result": 90.0}),
    ]
    assert list(Observation.objects.order_by("id").values()) == before


def test_results_that_would_vanish_are_counted(submitter: Submitter, work: Work) -> None:
    publish("pulse", content("result = pulse", {"pulse": reads(PULSE)}))
    pulses(submitter, 60, 70)
    work()
    rehearsal = given_by(draft("pulse", content("result = weight", {"weight": reads(WEIGHT)})))
    assert (said(rehearsal), rehearsal.vanishing) == ([], 2)


def test_a_failure_and_what_is_not_computable_are_told_and_never_noted(
    submitter: Submitter, work: Work
) -> None:
    inputs = {"pulse": reads(PULSE), "weight": reads(WEIGHT, missing="none")}
    version = draft("odd", content("result = weight if pulse > 80 else pulse / (pulse - 60)", inputs))
    pulses(submitter, 60, 70, 90)
    work()
    failed, seven, lacking = given_by(version).results
    assert (failed.failure, failed.output, failed.differs) != ("", None, True)
    assert "line 1" in failed.failure
    assert seven.output is not None
    assert lacking.not_computable == "no value for weight"
    assert not ScriptFailure.objects.exists()


def test_other_scripts_are_read_as_their_results_stand(submitter: Submitter, work: Work) -> None:
    publish("pulse", content("result = pulse * 2", {"pulse": reads(PULSE)}))
    pulses(submitter, 60, 70)
    work()
    version = draft("sum", content("result = sum(both)", {"both": reads_script("pulse", "all_within", 1)}))
    assert said(given_by(version)) == [120, 260]


def test_only_the_newest_results_are_computed_and_the_others_counted(
    submitter: Submitter, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = pulse_script("result = pulse")
    pulses(submitter, 60, 70, 80, 90)
    work()
    monkeypatch.setattr(rehearsing, "MAX_RESULTS", 3)
    assert (said(given_by(version)), given_by(version).left_out) == ([70, 80, 90], 1)
    monkeypatch.setattr(rehearsing, "MAX_SECONDS", -1.0)
    assert (said(given_by(version)), given_by(version).left_out) == ([90], 3)


def test_both_ends_of_the_period_belong_to_it(submitter: Submitter, work: Work) -> None:
    version = pulse_script("result = pulse")
    pulses(submitter, 60, 70, 80)
    work()
    hour = days(1) / 24
    assert said(rehearse(version, patient(), NOON - hour, NOON - hour)) == [70]
    assert said(rehearse(version, patient(), NOON - 2 * hour, NOON - hour)) == [60, 70]


def test_the_script_of_another_organisation_gives_nothing(submitter: Submitter, work: Work) -> None:
    version = pulse_script("result = pulse")
    pulses(submitter, 60)
    work()
    version.script.organisation = factories.organisation()
    assert said(given_by(version)) == []


def test_one_result_is_told_step_by_step(submitter: Submitter, work: Work) -> None:
    inputs = {"pulse": reads(PULSE), "weight": reads(WEIGHT)}
    version = draft("odd", content("result = pulse", inputs))
    pulses(submitter, 60)
    work()
    told = rehearse_step_by_step(version, patient(), NOON)
    assert told is not None
    assert (told[0].obstacle, told[1]) == ("no value for weight", None)
    record(submitter, reading(WEIGHT, 80, "kg", hours=1))
    work()
    told = rehearse_step_by_step(version, patient(), NOON)
    assert told is not None
    assert told[1] is not None
    assert isinstance(told[1].ending, Result)
    assert rehearse_step_by_step(version, patient(), NOON + days(1)) is None


def test_a_draft_that_cannot_be_run_is_refused(submitter: Submitter, work: Work) -> None:
    pulses(submitter, 60)
    work()
    version = pulse_script("result = pulse")
    version.outputs = {}
    with pytest.raises(RefusedError):
        given_by(version)


def test_the_number_of_queries_does_not_depend_on_the_number_of_readings(
    submitter: Submitter, work: Work
) -> None:
    version = pulse_script("result = pulse")
    pulses(submitter, 60)
    work()
    few = queries_of(version)
    pulses(submitter, *range(40, 90))
    work()
    assert len(given_by(version).results) == 50
    assert queries_of(version) == few


def queries_of(version: ScriptVersion) -> int:
    given_by(version)
    with CaptureQueriesContext(connection) as queries:
        given_by(version)
    return len(queries)
