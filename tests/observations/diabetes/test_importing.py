"""What an import writes and reports, and how one goes on after an interruption or a change of the files."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from clinical_engine.audit.models import AuditEntry
from observations.diabetes.files import read_diaries
from observations.diabetes.importer import Target, import_diaries
from observations.models import Measurement, MeasurementConflict
from patients.models import Association, Patient, Statement
from submitters.models import Organisation, Submitter
from tests.factories import NOON
from tests.observations.diabetes.running import counts, diary, run

pytestmark = pytest.mark.django_db
EXPECTED_REASONS = {
    3: "duplicate",
    4: "duplicate",
    5: "conflict",
    6: "empty_line",
    7: "beyond_meter",
    8: "beyond_meter",
    9: "not_a_number",
    10: "unknown_code",
    11: "date_missing",
    12: "unknown_code",
    13: "not_positive",
    14: "not_positive",
    15: "bad_date",
    16: "bad_date",
    17: "bad_time",
    18: "bad_time",
    19: "bad_time",
    20: "value_missing",
    21: "event_with_value",
    22: "wrong_columns",
    23: "in_the_future",
    24: "too_early",
    25: "too_large",
}


def test_the_report_names_file_line_and_reason_of_every_line_that_was_not_stored(tmp_path: Path) -> None:
    run(report=tmp_path / "report.csv")
    rows = list(csv.DictReader((tmp_path / "report.csv").read_text().splitlines()))
    assert {int(row["line"]): row["reason"] for row in rows} == EXPECTED_REASONS
    assert {row["file"] for row in rows} == {"data-02"}
    assert rows[0]["explanation"] == "says the same as line 1"
    assert rows[2]["explanation"] == "has the code and time of line 1, but not its value"


def test_neither_the_report_nor_what_is_printed_holds_a_value(tmp_path: Path) -> None:
    folder = diary(
        tmp_path / "diaries",
        "05-02-1990 08:00 58 87654",
        "05-02-1990 08:00 58 76543",
        "05-02-1990 09:00 58 65432A",
        "05-02-1990 09:00 65 54321",
    )
    shown = run(folder, report=tmp_path / "report.csv") + (tmp_path / "report.csv").read_text()
    assert not [value for value in ("87654", "76543", "65432", "54321") if value in shown]


def test_a_measurement_keeps_value_unit_code_own_time_and_offset(tmp_path: Path) -> None:
    run(diary(tmp_path, "07-02-1990 8:05 33 2.5", "12-02-1990 8:05 63 110", "12-02-1990 8:05 65 0"))
    dose, glucose, event = Measurement.objects.select_related("code").order_by("measured_at", "client_id")
    assert (dose.code.code, dose.value_quantity, dose.unit) == ("insulin-regular", Decimal("2.5"), "[iU]")
    assert (glucose.code.code, glucose.value_quantity, glucose.unit) == ("2339-0", Decimal(110), "mg/dL")
    assert (event.code.code, event.value_boolean, event.unit) == ("hypoglycaemic-symptoms", True, "")
    assert dose.measured_at == datetime(1990, 7, 2, 6, 5, tzinfo=UTC)
    assert [dose.utc_offset_minutes, glucose.utc_offset_minutes] == [120, 60]
    assert {dose.source, glucose.source, event.source} == {"import"}
    assert glucose.client_id == "aim94/data-01/63/1990-12-02T08:05"


def test_the_client_id_holds_the_time_of_the_file_whatever_the_time_zone(tmp_path: Path) -> None:
    folder = diary(tmp_path, "03-31-1991 2:30 48 88")
    run(folder, timezone="America/Chicago")
    run(folder, organisation="Another", timezone="Europe/Amsterdam")
    assert set(Measurement.objects.values_list("client_id", flat=True)) == {
        "aim94/data-01/48/1991-03-31T02:30"
    }
    assert len(set(Measurement.objects.values_list("measured_at", flat=True))) == 2


def test_lines_at_skipped_and_doubled_times_are_counted() -> None:
    assert "lines at skipped times 1, at times that came twice 1;" in run()


def test_each_patient_is_active_since_the_beginning_of_the_day_of_the_earliest_readable_line() -> None:
    run()
    statements = dict(Statement.objects.values_list("patient__external_id", "effective_at"))
    # The earliest line of data-02 stands near its end, and earlier ones are refused.
    assert statements["data-02"] == datetime(1990, 4, 30, 22, tzinfo=UTC)
    assert statements["data-01"] == datetime(1991, 3, 9, 23, tzinfo=UTC)


def test_a_patient_without_a_readable_line_is_not_made_up(tmp_path: Path) -> None:
    printed = run(diary(tmp_path, "", "05-02-1990 08:00 99 1"))
    assert counts(printed)["refused"] == 2
    assert not Patient.objects.exists()


def test_a_diary_that_now_begins_earlier_extends_the_period(tmp_path: Path, work: Callable[[], int]) -> None:
    run(diary(tmp_path, "05-02-1990 08:00 58 100"))
    work()
    printed = run(diary(tmp_path, "04-02-1990 08:00 58 90", "05-02-1990 08:00 58 100"))
    work()
    assert counts(printed)["measurements, new"] == counts(printed)["measurements, already there"] == 1
    assert Association.objects.get().associated_at == datetime(1990, 4, 1, 22, tzinfo=UTC)
    assert not Measurement.objects.filter(association=None).exists()


def test_a_value_that_was_changed_in_the_file_is_a_conflict_and_the_first_one_stands(tmp_path: Path) -> None:
    run(diary(tmp_path, "05-02-1990 08:00 58 100"))
    folder = diary(tmp_path, "05-02-1990 08:00 58 110", "05-02-1990 08:00 58 110", "05-02-1990 08:00 58 100")
    printed = run(folder, report=tmp_path / "report.csv")
    assert counts(printed)["conflicts"] == 2
    assert counts(printed)["measurements, already there"] == 1
    assert counts(printed)["duplicates within the files"] == 0
    assert Measurement.objects.get().value_quantity == 100
    assert MeasurementConflict.objects.get().value_quantity == 110
    rows = list(csv.DictReader((tmp_path / "report.csv").read_text().splitlines()))
    assert {row["explanation"] for row in rows} == {"its code and time were stored before with other content"}


def test_an_interrupted_import_goes_on_where_it_stopped(tmp_path: Path) -> None:
    begin = datetime(1990, 5, 1, tzinfo=UTC)
    times = [begin + timedelta(minutes=number) for number in range(1500)]
    folder = diary(tmp_path, *(f"{time:%m-%d-%Y} {time:%H:%M} 58 100" for time in times))

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    target = Target("Diabetes study (AIM 94)", "Diabetes diaries", "Europe/Amsterdam")
    with pytest.raises(KeyboardInterrupt):
        import_diaries(read_diaries(folder), target, now=NOON, show=stop)
    table = counts(run(folder))
    assert (table["measurements, already there"], table["measurements, new"]) == (1000, 500)


def test_a_dry_run_reports_what_the_import_will_report_and_stores_nothing() -> None:
    rehearsed = run(dry_run=True)
    assert "nothing was stored" in rehearsed
    assert not Organisation.objects.exists()
    assert not Measurement.objects.exists()
    assert counts(run()) == counts(rehearsed)
    assert counts(run(dry_run=True))["measurements, already there"] == Measurement.objects.count()


def test_organisation_and_submitter_are_made_once_and_audited() -> None:
    for _ in range(2):
        run(organisation="North", submitter="Diaries", timezone="Europe/Lisbon")
    organisation = Organisation.objects.get()
    assert (organisation.name, organisation.time_zone) == ("North", "Europe/Lisbon")
    assert Submitter.objects.get().name == "Diaries"
    actions = AuditEntry.objects.filter(organisation_id=organisation.id).values_list("action", flat=True)
    assert sorted(actions) == ["organisation.create", "submitter.create"]


def test_another_submitter_is_linked_too_and_no_measurement_comes_twice(work: Callable[[], int]) -> None:
    run(submitter="First")
    measurements = Measurement.objects.count()
    assert "Patients: 2 activated, 0" in run(submitter="Second")
    work()
    assert Association.objects.count() == 4
    assert Measurement.objects.count() == measurements
