"""Whole folders, the made-up one and the real one where it is there: nothing is lost, nothing comes twice, results are right."""

import csv
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from zoneinfo import ZoneInfo

import pytest

from observations.models import Measurement, Observation
from patients.models import Association, Patient
from tests.observations.diabetes.running import FOLDERS, counts, run

GLUCOSE = {"48", "57", "58", "59", "60", "61", "62", "63", "64"}
on_every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=["made up", "real"][: len(FOLDERS)])


def lines_in(folder: Path) -> int:
    return sum(len(path.read_text().removesuffix("\n").split("\n")) for path in folder.glob("data-*"))


def parts(table: dict[str, int]) -> list[int]:
    names = ("measurements, new", "measurements, already there", "duplicates within the files", "conflicts")
    return [table[name] for name in (*names, "refused")]


@on_every_folder
@pytest.mark.django_db
def test_the_totals_add_up_to_the_number_of_lines_and_importing_again_adds_nothing(
    folder: Path, tmp_path: Path
) -> None:
    printed = run(folder, report=tmp_path / "first.csv")
    table = counts(printed)
    lines, new = lines_in(folder), Measurement.objects.count()
    assert table[f"lines in {len(list(folder.glob('data-*')))} files"] == lines == sum(parts(table))
    assert table["measurements, new"] == new > 100
    reasons = sum(number for name, number in table.items() if "_" in name)
    assert reasons == table["refused"]

    again = run(folder, report=tmp_path / "second.csv")
    assert parts(counts(again)) == [0, new, *parts(table)[2:]]
    assert "Nothing was added" in again
    assert "Nothing was added" not in printed
    assert Measurement.objects.count() == new

    report = (tmp_path / "first.csv").read_text()
    assert (tmp_path / "second.csv").read_text() == report
    listed = [(row["file"], row["line"]) for row in csv.DictReader(report.splitlines())]
    assert len(listed) == len(set(listed)) == lines - new


@on_every_folder
@pytest.mark.django_db
@pytest.mark.usefixtures("scripts")
def test_every_mean_and_share_in_range_is_what_a_plain_computation_from_the_file_gives(
    folder: Path, work: Callable[[], int]
) -> None:
    run(folder)
    work()
    assert not Measurement.objects.filter(association=None).exists()
    assert Association.objects.count() == Patient.objects.count() == len(list(folder.glob("data-*")))
    for path in sorted(folder.glob("data-*")):
        current = Observation.objects.filter(
            patient__external_id=path.name, script__name="glucose-7d", superseded_at=None
        )
        computed = dict(current.values_list("as_of", "value"))
        expected = dict(plain_results(path))
        assert computed.keys() == expected.keys()
        for as_of, (mean, in_range) in expected.items():
            value = computed[as_of]
            assert value is not None
            assert math.isclose(value["mean"], mean, rel_tol=1e-12), (path.name, as_of)
            assert math.isclose(value["in_range"], in_range, rel_tol=1e-12), (path.name, as_of)


def plain_results(path: Path) -> Iterator[tuple[datetime, tuple[float, float]]]:
    """Mean, and percentage within 70 to 180, of the readings of the 7 days before and at each reading."""
    readings = plain_readings(path)
    for as_of in {time for time, _ in readings}:
        window = [value for time, value in readings if as_of - timedelta(days=7) < time <= as_of]
        yield as_of, (fmean(window), 100 * sum(70 <= value <= 180 for value in window) / len(window))


def plain_readings(path: Path) -> list[tuple[datetime, float]]:
    """The glucose readings of a file, the first of those with the same code and time; written without the engine's own code."""
    readings: dict[tuple[str, str], tuple[datetime, float]] = {}
    for line in path.read_text().splitlines():
        try:
            date, clock, code, value = line.split("\t")
            hour, minute = clock.split(":")
            number, local = float(value), datetime.strptime(f"{date} {clock} +0000", "%m-%d-%Y %H:%M %z")
        except ValueError:
            continue
        if code in GLUCOSE and 0 < number < 1000 and len(minute) == 2 and 1900 < local.year < 2100:
            instant = local.replace(tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(UTC)
            readings.setdefault((code, f"{date} {int(hour)}:{minute}"), (instant, number))
    return list(readings.values())
