"""Results over the measurements they were computed from, and events that would hide each other."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from observations.admin.plots.computed import DrawnSeries
from observations.admin.plots.drawing import FEW
from observations.admin.plots.marks import Shape, State
from observations.admin.plots.page import PAGE
from observations.admin.plots.periods import Choice
from observations.admin.plots.reading import Bounds
from observations.catalogue import catalogue
from observations.models import Observation
from patients.models import Patient
from submitters.models import Submitter
from tests.admin.plotted import NOTE, PULSE, active_for_ten_days, drawn, plot, pressure, pulse, reading
from tests.admin.test_pages import shown
from tests.observations.facts import record, retract
from tests.observations.scripts.writing import content, gives, publish, reads

Work = Callable[[], int]
GRADED = """\
top = max(pulse)
if top > 150:
    level = "critical"
elif top > 100:
    level = "abnormal"
else:
    level = "normal"
result = {"mean": sum(pulse) / len(pulse), "load": len(pulse), "level": level}
"""
OUTPUTS = {
    "mean": gives(unit="/min", code="pulse-mean"),
    "load": gives(unit="1", code="pulse-load"),
    "level": {"kind": "interpretation"},
}


@pytest.fixture
def north(db: None) -> Submitter:
    return active_for_ten_days()


@pytest.fixture
def graded(north: Submitter) -> Submitter:
    """Two numbers from a day's pulses, and what the highest of them means."""
    publish("graded", content(GRADED, {"pulse": reads(PULSE, "all_within")}, OUTPUTS))
    return north


def series(name: str, **choice: Any) -> DrawnSeries:
    [found] = [one for each in drawn(Choice(**choice)).plots for one in each.results if one.name == name]
    return found


MEAN, LOAD = "Graded: mean", "Graded: load"


def test_a_result_in_the_unit_of_its_readings_is_drawn_over_them_and_another_in_a_plot_of_its_own(
    graded: Submitter, work: Work
) -> None:
    record(graded, pulse(60, 20), pulse(80, 10))
    work()
    plots = {each.name: each for each in drawn().plots}
    assert [one.name for one in plots["Heart rate"].results] == [MEAN]
    assert plots[LOAD].is_alone
    assert plots[LOAD].unit == ""
    first, second = plots["Heart rate"].results[0].marks
    assert first.ends[0][0] == plots["Heart rate"].marks[0].ends[0][0], "the mean of one is its place"
    assert float(plots["Heart rate"].marks[1].top) < float(second.top) < float(first.top)
    assert f"{MEAN}: 70 /min (normal)" in second.words


def test_what_a_result_means_is_told_by_its_shape_as_well_as_its_state(graded: Submitter, work: Work) -> None:
    record(graded, pulse(60, 170), pulse(120, 100), pulse(160, 30))
    work()
    marks = series(MEAN).marks
    assert [(mark.state, mark.ends[0][1]) for mark in marks] == [
        (State.COMPUTED, Shape.DIAMOND),
        (State.ABNORMAL, Shape.SQUARE),
        (State.CRITICAL, Shape.STAR),
    ]
    assert series(MEAN).words.startswith(f"{MEAN}: 3 results drawn, 1 abnormal, 1 critical; newest 160 /min")


def test_superseded_results_are_drawn_on_request_only(graded: Submitter, work: Work) -> None:
    record(graded, pulse(60, 20), pulse(80, 10, client_id="wrong"))
    work()
    record(graded, pulse(90, 15))
    work()
    assert [mark.state for mark in series(MEAN).marks] == [State.COMPUTED] * 3
    every = series(MEAN, superseded=True)
    [old] = [mark for mark in every.marks if mark.state == State.SUPERSEDED]
    assert "superseded: a measurement came in later" in old.words
    assert every.newest.startswith("76.67"), "the newest that stands"
    assert every.lines == series(MEAN).lines


def test_what_was_not_computable_is_a_gap_that_says_why(north: Submitter, work: Work) -> None:
    source = "if pulse > 100:\n    result = missing\nelse:\n    result = pulse"
    inputs = {"pulse": reads(PULSE), "missing": reads("8302-2", missing="none")}
    outputs = {"result": gives(unit="/min", code="calm-pulse")}
    publish("calm", content(source, inputs, outputs))
    record(north, *(pulse(60 if hour != 60 else 120, hour) for hour in range(20, 101, 20)))
    work()
    found = series("Calm: result")
    [gap] = [mark for mark in found.marks if mark.state == State.MISSING]
    assert gap.ends[0][1] == Shape.GAP
    assert "not computable: no value for " in gap.words
    assert len(found.lines) == 2, "no line goes through the gap"
    assert [len(line.split()) for line in found.lines] == [2, 2]


def test_of_very_many_results_the_extremes_and_the_newest_are_drawn(graded: Submitter, work: Work) -> None:
    record(graded, *(pulse(60 + count % 50, count / 6) for count in range(600)))
    work()
    panel = drawn(Choice("month"), FEW)
    [mean] = [one for each in panel.plots for one in each.results if one.name == MEAN]
    assert mean.undrawn == Observation.objects.filter(superseded_at=None).count() - len(mean.marks) > 0
    newest = Observation.objects.filter(superseded_at=None).latest("as_of")
    assert str(newest.pk) in mean.marks[-1].url


def test_results_take_the_same_queries_however_many_there_are(graded: Submitter, work: Work) -> None:
    record(graded, pulse(60, 20))
    work()
    drawn()
    with CaptureQueriesContext(connection) as few:
        drawn()
    record(graded, *(pulse(60, hour) for hour in range(21, 60)))
    work()
    with CaptureQueriesContext(connection) as many:
        drawn()
    assert len(few) == len(many)


def test_only_who_may_see_observations_sees_results_in_the_plots(graded: Submitter, work: Work) -> None:
    record(graded, pulse(60, 20))
    work()
    user = User.objects.create_user("nurse", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_measurement", "view_patient"]))
    client = Client()
    client.force_login(user)
    url = reverse(PAGE, args=[Patient.objects.get().pk])
    page = client.get(url).content.decode()
    assert "Heart rate: 1 reading drawn" in page
    assert "Graded" not in page
    assert "ce-plot-computed" not in page
    user.user_permissions.add(Permission.objects.get(codename="view_observation"))
    page = client.get(url).content.decode()
    assert f"{MEAN}: 1 result drawn" in page
    assert f"{LOAD}: 1 result drawn" in page


def test_the_page_keeps_the_period_when_superseded_results_are_asked_for(
    support: Client, graded: Submitter, work: Work
) -> None:
    record(graded, pulse(60, 20))
    work()
    record(graded, pulse(90, 21))
    work()
    key = Patient.objects.get().pk
    page = shown(support, PAGE, key, period="week")
    assert 'href="?period=week&amp;superseded=1"' in page
    page = shown(support, PAGE, key, period="week", superseded="1")
    assert 'href="?period=month&amp;superseded=1"' in page
    assert 'href="?period=week">Without superseded results' in page
    assert "1 superseded" in page
    assert '<input type="hidden" name="superseded" value="1">' in page


def test_texts_at_one_time_are_one_mark_with_their_number_and_what_they_say(
    north: Submitter, work: Work
) -> None:
    record(north, *(reading(NOTE, f"Note {n}", None, 24 + n / 100, client_id=f"n{n}") for n in range(7)))
    record(north, reading(NOTE, "Alone", None, 100))
    work()
    alone, together = plot("Note by the patient").marks
    assert (alone.count, together.count) == (1, 7)
    assert "7 readings: " in together.words
    assert together.words.endswith("more")
    assert plot("Note by the patient").undrawn == 0
    assert plot("Note by the patient").words.startswith("Note by the patient: 8 readings drawn")


def test_events_of_another_state_at_one_time_stand_beside_each_other(north: Submitter, work: Work) -> None:
    record(
        north,
        reading(NOTE, "Stays", None, 24, client_id="stays"),
        reading(NOTE, "Taken back", None, 24.01, client_id="gone"),
    )
    retract(north, "gone")
    work()
    heights = {mark.state: float(mark.top) for mark in plot("Note by the patient").marks}
    assert heights[State.COUNTED] != heights[State.CORRECTED]


def test_yes_and_no_at_one_time_are_two_marks_with_the_number_of_each(north: Submitter, work: Work) -> None:
    record(
        north,
        *(reading("hypoglycaemic-symptoms", n < 3, None, 24 + n / 100, client_id=f"h{n}") for n in range(5)),
    )
    work()
    found = plot("Hypoglycaemic symptoms")
    assert {(float(mark.top) < 50, mark.count) for mark in found.marks} == {(True, 3), (False, 2)}
    assert [text for _, text in found.ticks] == ["yes", "no"]


def test_each_answer_has_a_row_with_its_name_in_the_order_of_the_catalogue(
    north: Submitter, work: Work
) -> None:
    [code, entry] = next(
        (code, entry)
        for code, entry in catalogue().by_code.items()
        if entry.kind == "coded" and len(entry.answers) > 2 and not entry.is_computed
    )
    answers = list(entry.answers)
    for hours, answer in ((30, answers[1]), (20, answers[0]), (20.001, answers[0]), (10, answers[1])):
        record(north, reading(code, answer, None, hours, client_id=f"a{hours}"))
    work()
    found = plot(entry.display)
    assert [text for _, text in found.ticks] == [entry.answers[answer] for answer in answers[:2]]
    places = {text: float(place) for place, text in found.ticks}
    assert [float(mark.top) for mark in found.marks] == [
        places[entry.answers[answers[1]]],
        places[entry.answers[answers[0]]],
        places[entry.answers[answers[1]]],
    ]
    assert [mark.count for mark in found.marks] == [1, 2, 1]


def test_pressures_are_drawn_with_what_was_computed_from_their_parts(north: Submitter, work: Work) -> None:
    source = "result = bp.diastolic + (bp.systolic - bp.diastolic) / 3"
    inputs = {
        "bp": {
            "code": "85354-9",
            "how": "latest",
            "window_seconds": 60,
            "fields": {"systolic": "8480-6", "diastolic": "8462-4"},
        }
    }
    publish("map", content(source, inputs, {"result": gives(unit="mm[Hg]", code="mean-pressure")}))
    record(north, pressure(120, 90))
    work()
    [mean] = plot("Blood pressure").results
    assert mean.newest == "100 mm[Hg]"
    [mark] = plot("Blood pressure").marks
    assert float(mark.top) < float(mean.marks[0].top) < float(mark.bottom)


def test_a_script_that_gave_no_number_has_one_lane_of_gaps_for_all_its_outputs(
    north: Submitter, work: Work
) -> None:
    inputs = {"pulse": reads(PULSE), "height": reads("8302-2")}
    outputs = {name: gives(unit="1", code=f"half-{name}") for name in ("one", "two")}
    publish("half", content('result = {"one": pulse, "two": height}', inputs, outputs))
    record(north, pulse(60, 20))
    work()
    found = plot("Half")
    assert found.is_alone
    assert not found.has_axis
    assert found.results[0].newest == "not computable: no value for height"
    assert not found.ticks
    assert [mark.state for mark in found.results[0].marks] == [State.MISSING]


def test_no_more_outputs_are_drawn_than_are_bounded(graded: Submitter, work: Work) -> None:
    record(graded, pulse(60, 20))
    work()
    drawing = drawn(bounds=Bounds(plots=1, columns=30, all_columns=30, readings=30))
    assert [len(each.results) for each in drawing.plots] == [1]
    assert drawing.results_left_out == 1
