from pathlib import Path

from tests.benchmarks.association import page, plot
from tests.benchmarks.association.against_django import NAMES, Outcome
from tests.benchmarks.results import refresh_index

_OUTCOMES = [
    *(
        Outcome(way, patients, patients / 1_000, 0, 22, patients)
        for way in NAMES
        for patients in (100, 1_000)
    ),
    Outcome("add", 1_000_000, failure="MemoryError"),
]


def test_the_same_figures_give_the_same_picture_byte_for_byte(tmp_path: Path) -> None:
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    for path in (one, other):
        plot.draw(path, _OUTCOMES, NAMES)
    assert one.read_bytes() == other.read_bytes()
    assert all(name in one.read_text() for name in NAMES.values())


def test_what_failed_has_its_reason_in_the_table(tmp_path: Path) -> None:
    page.write(tmp_path, _OUTCOMES, NAMES)
    rows = (tmp_path / "performance.md").read_text().splitlines()
    [failed] = [row for row in rows if "MemoryError" in row]
    assert failed.startswith("| 1,000,000 | Django's add ")
    assert len([row for row in rows if row.startswith("| 1")]) == len(_OUTCOMES)


def test_the_index_names_every_page_there_is(tmp_path: Path) -> None:
    folder = tmp_path / "performance"
    folder.mkdir()
    for name in ("main", "ledger"):
        (folder / f"{name}.md").touch()
    page.write(tmp_path, [], NAMES)
    (folder / "association.md").touch()
    refresh_index(tmp_path)
    text = (tmp_path / "performance.md").read_text()
    assert all(text.count(f"(performance/{name}.md)") == 1 for name in ("main", "ledger", "association"))
