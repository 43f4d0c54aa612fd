import json
from pathlib import Path

import pytest

from tests.benchmarks import results
from tests.benchmarks.results import measured, read_page, table, with_new, write_page


@pytest.fixture(autouse=True)
def _targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "targets.json"
    targets = {
        "slow": {"at_most": 5, "unit": "ms"},
        "fast": {"at_least": 0.5, "unit": ""},
        "told": {"unit": "jobs/s"},
    }
    path.write_text(json.dumps(targets))
    monkeypatch.setattr(results, "TARGETS", path)


@pytest.mark.parametrize(("value", "met"), [(4.9, True), (5, True), (5.1, False)])
def test_a_figure_that_may_be_so_much_at_most_is_met_up_to_there(value: float, met: bool) -> None:  # noqa: FBT001
    assert measured("slow", value).met is met


@pytest.mark.parametrize(("value", "met"), [(0.49, False), (0.5, True), (2, True)])
def test_a_figure_that_must_be_so_much_at_least_is_met_from_there(value: float, met: bool) -> None:  # noqa: FBT001
    assert measured("fast", value).met is met


def test_a_figure_without_a_target_is_neither_met_nor_missed() -> None:
    metric = measured("told", 12_345.6, 23_456.7)
    assert (metric.target, metric.met) == (None, None)
    assert table([metric]).splitlines()[2] == "| told   | 12,346 jobs/s |        | 23,457 jobs/s  |     |"


def test_the_table_says_whether_a_target_is_a_floor_or_a_ceiling() -> None:
    text = table([measured("slow", 6), measured("fast", 0.61)])
    assert "at most 5 ms" in text
    assert "| at least 0.5 |" in text
    assert "**no**" in text


def test_a_part_measured_again_stands_in_the_place_of_its_old_figures() -> None:
    kept = [measured("slow", 4), measured("fast", 1)]
    assert [
        (metric.metric, metric.value) for metric in with_new(kept, [measured("slow", 3), measured("told", 2)])
    ] == [
        ("slow", 3),
        ("fast", 1),
        ("told", 2),
    ]


def test_figures_of_a_page_are_kept_by_a_checkout_that_never_measured(tmp_path: Path) -> None:
    metrics = [measured("slow", 4.25, 1.5), measured("fast", 1), measured("told", 12_345.6)]
    write_page(tmp_path, "some", "Of | what these are.", metrics)
    kept = read_page(tmp_path, "some")
    assert table(kept) == table(metrics)
    assert [(metric.value, metric.reference) for metric in kept] == [(4.25, 1.5), (1, None), (12_346, None)]
    assert read_page(tmp_path, "another") == []


def test_a_figure_that_is_not_measured_any_more_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_page(tmp_path, "some", "", [measured("slow", 4), measured("told", 2)])
    fewer = tmp_path / "fewer.json"
    fewer.write_text(json.dumps({"slow": {"at_most": 5, "unit": "ms"}}))
    monkeypatch.setattr(results, "TARGETS", fewer)
    assert [metric.metric for metric in read_page(tmp_path, "some")] == ["slow"]
