"""A patient's measurements as plots: what is drawn, in which form, and how much it costs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from observations.admin.plots.drawing import MANY
from observations.admin.plots.marks import Mark, Shape, State, state_of
from observations.admin.plots.periods import Choice
from observations.admin.plots.reading import Bounds, histories_of, readings_of
from observations.models import Code, Measurement
from observations.readings import Component
from patients.admin.timeline.scale import Scale
from patients.models import Patient
from submitters.models import Submitter
from tests.admin.plotted import NOTE, TEMPERATURE, active_for_ten_days, drawn, plot, pressure, pulse, reading
from tests.observations.facts import record, retract


@pytest.fixture
def north(db: None) -> Submitter:
    return active_for_ten_days()


def test_each_code_has_a_plot_in_its_canonical_unit_and_those_with_an_axis_come_first(
    north: Submitter, work: Callable[[], int]
) -> None:
    record(north, reading(NOTE, "Slept badly"), pulse(70), reading(TEMPERATURE, 98.6, "[degF]"))
    work()
    assert [(each.name, each.unit) for each in drawn().plots] == [
        ("Body temperature", "Cel"),
        ("Heart rate", "/min"),
        ("Note by the patient", ""),
    ]
    temperature = plot("Body temperature")
    assert temperature.newest == "98.6 [degF] (37 Cel)"
    assert "98.6 [degF] (37 Cel)" in temperature.marks[0].words
    assert float(temperature.ticks[0][1]) < 37 < float(temperature.ticks[-1][1])


def test_a_blood_pressure_is_a_bar_with_two_ends_to_scale(north: Submitter, work: Callable[[], int]) -> None:
    record(north, pressure(120, 80, 48), pressure(140, 80))
    work()
    shown_plot = plot("Blood pressure")
    low, high = (float(mark.bottom) - float(mark.top) for mark in shown_plot.marks)
    assert high == pytest.approx(low * 60 / 40, rel=0.01)
    assert shown_plot.newest == "140 / 80 mm[Hg]"
    assert not shown_plot.line
    assert drawn().has_ranges


def test_only_the_implausible_end_of_a_bar_is_marked(north: Submitter, work: Callable[[], int]) -> None:
    record(north, pressure(310, 80))
    work()
    [mark] = plot("Blood pressure").marks
    assert mark.is_flagged
    assert [shape for _, shape in mark.ends] == [Shape.UP, Shape.DOT]


def test_a_reading_says_whether_it_counts_is_held_was_replaced_or_entered_in_error(
    north: Submitter, work: Callable[[], int]
) -> None:
    record(
        north,
        pulse(60, 24 * 15),
        pulse(70, 30, client_id="wrong"),
        pulse(75, 30, client_id="right", replaces="wrong"),
        pulse(80, 20, client_id="error"),
    )
    retract(north, "error")
    work()
    marks = {mark.words.split(": ")[1].split(" ")[0]: mark for mark in plot("Heart rate").marks}
    assert {value: mark.state for value, mark in marks.items()} == {
        "60": State.HELD,
        "70": State.CORRECTED,
        "75": State.COUNTED,
        "80": State.CORRECTED,
    }
    assert "held: no association covers it" in marks["60"].words
    assert "replaced by a correction" in marks["70"].words
    assert "entered in error" in marks["80"].words
    assert marks["70"].ends[0][1] == marks["80"].ends[0][1] == Shape.CROSSED
    assert plot("Heart rate").newest == "75 /min", "what was taken back is no newest value"
    assert plot("Heart rate").words.startswith(
        "Heart rate: 4 readings drawn, 1 held, 2 corrected; newest 75 /min"
    )


def test_an_implausible_value_is_marked_at_the_edge_and_leaves_the_others_readable(
    north: Submitter, work: Callable[[], int]
) -> None:
    record(north, *(pulse(60 + hour, hour) for hour in range(1, 20)), pulse(7000, 50))
    work()
    [odd] = [mark for mark in plot("Heart rate").marks if mark.is_flagged]
    assert odd.ends == [("4.00", Shape.UP)]
    assert "outside the plausible range" in odd.words
    places = [float(mark.top) for mark in plot("Heart rate").marks if not mark.is_flagged]
    assert max(places) - min(places) > 50


def test_what_has_no_number_is_an_event_with_its_words(north: Submitter, work: Callable[[], int]) -> None:
    answer = (Component("44250-9", "LA6569-3"),)
    needed = (
        Code.objects.get(code="44249-1")
        .parts.exclude(part__code="44250-9")
        .values_list("part__code", flat=True)
    )
    items = (*answer, *(Component(code, "LA6568-5") for code in needed))
    record(
        north,
        reading(NOTE, "<b>Slept</b> badly"),
        reading("hypoglycaemic-symptoms", value=True, hours_ago=5),
        reading("hypoglycaemic-symptoms", value=False, hours_ago=6),
        reading("44249-1", items),
    )
    work()
    assert not any(each.has_axis for each in drawn().plots)
    assert "<b>Slept</b> badly" in plot("Note by the patient").marks[0].words
    no, yes = plot("Hypoglycaemic symptoms").marks
    assert float(yes.top) < 50 < float(no.top)
    assert plot("PHQ-9").newest == "9 values"


def test_texts_in_one_place_are_one_mark_that_names_them_and_leads_to_all_of_them(
    north: Submitter, support: Client
) -> None:
    year = 24 * 365
    notes = [f"Slept badly, {number}" for number in range(7)]
    record(north, reading(NOTE, "Of long ago", hours_ago=year), reading(NOTE, "Today", hours_ago=1))
    record(north, *(reading(NOTE, text, hours_ago=500 + n / 100) for n, text in enumerate(notes)))
    marks = [mark for mark in plot("Note by the patient").marks if mark.count > 1]
    [together] = marks
    assert together.count == 7
    assert together.words.startswith("Note by the patient: 7 readings: Slept badly, ")
    assert sum(text in together.words for text in notes) == 5
    assert together.words.endswith("and 2 more")
    found = support.get(together.url).context["cl"].result_list
    assert {row.value_text for row in found} == set(notes)


def test_the_same_answer_in_one_place_is_one_mark_that_names_each_time(
    north: Submitter, support: Client
) -> None:
    code = "hypoglycaemic-symptoms"
    record(north, reading(code, value=True, hours_ago=24 * 365), reading(code, value=False, hours_ago=501))
    record(north, *(reading(code, value=True, hours_ago=500 + n / 100) for n in range(3)))
    together = next(mark for mark in plot("Hypoglycaemic symptoms").marks if mark.count > 1)
    assert together.count == 3
    assert together.words.count("yes; ") == 3
    assert len(support.get(together.url).context["cl"].result_list) == 3


def listed(client: Client, mark: Mark) -> list[Measurement]:
    """What the list shows that a mark of several leads to."""
    return list(client.get(mark.url).context["cl"].result_list)


def test_the_list_of_a_mark_has_no_answer_of_another_mark_in_the_same_time(
    north: Submitter, support: Client
) -> None:
    code = "hypoglycaemic-symptoms"
    record(north, reading(code, value=True, hours_ago=24 * 365))
    record(north, *(reading(code, value=n % 2 == 0, hours_ago=500 + n / 100) for n in range(7)))
    yes, no = sorted(
        (mark for mark in plot("Hypoglycaemic symptoms").marks if mark.count > 1), key=lambda mark: mark.top
    )
    assert (yes.count, no.count) == (4, 3)
    assert [row.value_boolean for row in listed(support, yes)] == [True] * 4
    assert [row.value_boolean for row in listed(support, no)] == [False] * 3


def test_the_list_of_a_mark_has_only_what_is_in_its_state(
    north: Submitter, support: Client, work: Callable[[], int]
) -> None:
    record(north, reading(NOTE, "Of long ago", hours_ago=24 * 365))
    for begin, state in ((100, "counted"), (500, "held")):
        names = [f"{state}-{n}" for n in range(5)]
        record(
            north,
            *(reading(NOTE, name, hours_ago=begin + n / 100, client_id=name) for n, name in enumerate(names)),
        )
        for name in names[1:4:2]:
            retract(north, name)
    work()
    marks = [mark for mark in plot("Note by the patient").marks if mark.count > 1]
    assert sorted((mark.state, mark.count) for mark in marks) == [
        (State.CORRECTED, 2),
        (State.CORRECTED, 2),
        (State.COUNTED, 3),
        (State.HELD, 3),
    ]
    for mark in marks:
        assert {state_of(row) for row in listed(support, mark)} == {mark.state}
        assert len(listed(support, mark)) == mark.count


def test_a_mark_of_several_answers_says_that_its_list_has_every_one_of_that_time(
    north: Submitter, support: Client
) -> None:
    code = "hypoglycaemic-symptoms"
    record(north, reading(code, value=True, hours_ago=24 * 365))
    record(north, *(reading(code, value=False, hours_ago=500 + n / 100) for n in range(4)))
    # Of the time when the code took another kind of value.
    without = Measurement.objects.filter(client_id__in=[f"{code}-{500 + n / 100}" for n in range(2)])
    assert without.update(value_boolean=None, value_text="A little") == 2
    [mark] = [mark for mark in plot("Hypoglycaemic symptoms").marks if mark.count > 1]
    assert mark.count == 4
    assert mark.words.endswith("; their list has every answer of that time")
    assert len(listed(support, mark)) == 4


def test_what_marks_only_name_takes_no_place_from_what_is_drawn(north: Submitter) -> None:
    record(north, *(reading(NOTE, f"Note {n}", hours_ago=2 + n / 100) for n in range(5)))
    record(north, *(pulse(60, 10 + hour) for hour in range(20)))
    bounds = Bounds(plots=5, columns=20, all_columns=100, readings=21)
    notes, pulses = (
        next(each for each in drawn(Choice("week"), bounds).plots if each.name == name)
        for name in ("Note by the patient", "Heart rate")
    )
    assert notes.marks[0].count == 5
    everything = drawn(Choice("week"), Bounds(plots=5, columns=20, all_columns=100, readings=500))
    assert len(pulses.marks) == len(next(p for p in everything.plots if p.name == "Heart rate").marks)


def test_readings_at_one_time_and_of_long_ago_are_drawn(north: Submitter) -> None:
    years_ago = 24 * 365 * 30
    record(north, *(pulse(70, years_ago, client_id=f"same-{count}") for count in range(3)))
    [only] = drawn().plots
    assert len(only.marks) == 2, "of several with one place, the lowest and the highest"
    assert only.undrawn == 1
    assert drawn().period == "all"
    assert not drawn().now


def test_of_very_many_readings_the_extremes_of_each_column_are_drawn(north: Submitter) -> None:
    record(north, *(pulse(60 + count % 50, count / 60) for count in range(1_000)), pulse(35, 5.0001))
    bounds = Bounds(plots=5, columns=20, all_columns=100, readings=500)
    [only] = drawn(Choice("week"), bounds).plots
    assert len(only.marks) <= 2 * 20
    assert any(": 35 /min" in mark.words for mark in only.marks)
    assert only.newest == "60 /min"
    assert only.undrawn == 1_001 - len(only.marks)
    assert f"{only.undrawn:,} of 1,001 readings" in only.note


def test_no_more_readings_and_plots_are_drawn_than_are_bounded(north: Submitter) -> None:
    record(north, *(pulse(60, count, client_id=f"c-{count}") for count in range(1, 100)))
    record(north, reading(TEMPERATURE, 37, "Cel", 500), pressure(120, 80, 600))
    drawing = drawn(Choice("all"), Bounds(plots=2, columns=300, all_columns=300, readings=10))
    assert sum(len(each.marks) for each in drawing.plots) == 10
    assert [each.name for each in drawing.plots] == ["Body temperature", "Heart rate"]
    assert drawing.left_out == 1
    assert not drawing.silent


def test_the_number_of_queries_is_the_same_for_many_codes_and_readings(
    north: Submitter, work: Callable[[], int]
) -> None:
    record(north, pressure(120, 80))
    work()
    drawn()
    with CaptureQueriesContext(connection) as few:
        drawn()
    record(
        north,
        *(pressure(120, 80, hour) for hour in range(1, 20)),
        *(pulse(60, hour) for hour in range(1, 20)),
    )
    record(north, reading(NOTE, "Well"), reading(TEMPERATURE, 98.6, "[degF]"))
    work()
    with CaptureQueriesContext(connection) as many:
        drawn()
    assert len(many) == len(few) == 6, (
        "the patient, the codes, the catalogue's state, readings, results, associations"
    )


def test_the_codes_of_a_patient_are_found_without_reading_all_readings(north: Submitter) -> None:
    record(north, *(pulse(60, hour) for hour in range(1, 200)))
    [history] = histories_of(Patient.objects.get().pk)
    assert history.newest - history.oldest == pytest.approx(timedelta(hours=198), abs=timedelta(minutes=1))
    scale = Scale(history.oldest, history.newest)
    rows = readings_of(Patient.objects.get().pk, [history.code_id], scale, MANY)
    assert [row.measured_at for row in rows] == sorted(row.measured_at for row in rows)
