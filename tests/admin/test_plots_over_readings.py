"""Which results are drawn over their readings: those whose values lie among theirs."""

from collections.abc import Callable

import pytest

from observations.admin.plots.periods import Choice
from observations.admin.plots.plots import Plot
from submitters.models import Submitter
from tests.admin.plotted import PULSE, WEIGHT, active_for_ten_days, drawn, plot, pulse, reading
from tests.observations.facts import record, retract
from tests.observations.scripts.writing import content, gives, publish, reads

Work = Callable[[], int]
WEIGHTS = """\
result = {"gain": max(weight) - min(weight), "heaviest": max(weight), "goal": 40}
"""


@pytest.fixture
def north(db: None) -> Submitter:
    return active_for_ten_days()


def names(found: Plot) -> list[str]:
    return sorted(one.name for one in found.results)


def test_what_lies_beyond_the_readings_has_an_axis_of_its_own_though_its_unit_is_theirs(
    north: Submitter, work: Work
) -> None:
    outputs = {name: gives(unit="kg", code=f"of-{name}") for name in ("gain", "heaviest", "goal")}
    publish("weights", content(WEIGHTS, {"weight": reads(WEIGHT, "all_within", 3)}, outputs))
    record(north, *(reading(WEIGHT, 68 + day % 3, "kg", 24 * day) for day in range(1, 7)))
    work()
    weight, gain, goal = plot("Body weight"), plot("Weights: gain"), plot("Weights: goal")
    assert names(weight) == ["Weights: heaviest"]
    assert float(weight.ticks[0][1]) > 67, "68 and 70 kg are no flat line"
    assert gain.is_alone
    assert goal.is_alone
    assert gain.unit == "kg"
    assert gain.ticks[0][1] == "0.0"


def test_one_value_beyond_the_readings_takes_all_of_the_output_out_of_their_plot(
    north: Submitter, work: Work
) -> None:
    source = "result = pulse if pulse < 80 else 10 * pulse"
    outputs = {"result": gives(unit="/min", code="odd-pulse")}
    publish("odd", content(source, {"pulse": reads(PULSE)}, outputs))
    record(north, pulse(60, 40), pulse(70, 30))
    work()
    assert names(plot("Heart rate")) == ["Odd: result"]
    record(north, pulse(80, 20))
    work()
    assert names(plot("Heart rate")) == []
    assert len(plot("Odd: result").results[0].marks) == 3, "a series is not torn apart"


def test_what_was_superseded_does_not_decide_where_results_are_drawn(north: Submitter, work: Work) -> None:
    outputs = {"result": gives(unit="/min", code="highest-pulse")}
    publish("highest", content("result = max(pulse)", {"pulse": reads(PULSE, "all_within")}, outputs))
    record(north, pulse(160, 20, client_id="wrong"), pulse(62, 19))
    work()
    retract(north, "wrong")
    record(north, pulse(60, 21))
    work()
    for superseded in (False, True):
        plots = {each.name: each for each in drawn(Choice(superseded=superseded)).plots}
        assert names(plots["Heart rate"]) == ["Highest: result"]
