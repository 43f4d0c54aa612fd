"""Imports of measurements in the admin: sending a file, following it, and what became of its lines."""

import csv
import gzip
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs.models import Job
from observations.importing import answering, report
from observations.models import ImportState, Measurement, MeasurementImport
from submitters.models import Organisation
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.import_pages import LIST, NEW, address, send
from tests.admin.rerun_pages import messages_of, text_of
from tests.admin.test_pages import listed
from tests.observations.importing.support import counts, finished, item, ndjson, readings, received, row, step
from tests.observations.importing.support import csv as csv_of

Work = Callable[[], int]


@pytest.fixture
def clinic(db: None) -> Organisation:
    return factories.organisation(name="North")


def bad(number: int) -> bytes:
    """That many lines that are refused, each for one reason."""
    return ndjson(*(item(f"bad-{n}", code="99999-9") for n in range(number)))


def test_a_file_is_sent_worked_off_and_told_of(support: Client, clinic: Organisation, work: Work) -> None:
    assert "Import a file" in text_of(support.get(reverse(LIST)))
    assert "client_id, external_id" in text_of(support.get(reverse(NEW)))
    response = send(support, clinic, csv_of(row("m-1"), row("m-2", "x")), "Readings.CSV")
    file = MeasurementImport.objects.get()
    assert response.headers["Location"] == address(file)
    assert (file.file_name, file.dry_run, str(file.actor)) == ("Readings.CSV", False, "clinical-support")
    page = text_of(support.get(address(file)))
    assert "0 of 2 lines answered, 0 %" in page
    assert page.count("No line was answered so far.") == 2
    work()
    page = text_of(support.get(address(file)))
    assert "answered so far" not in page
    assert "2 of 2 lines answered, 100 %" in page
    assert "Must be a number such as 7.5" in page
    assert reverse("admin:jobs_job_change", args=[file.job_id]) in page
    entry = AuditEntry.objects.get(action="measurement_import.start")
    assert (str(entry.actor), entry.reason) == ("clinical-support", "ticket 12")
    assert list(Measurement.objects.values_list("client_id", flat=True)) == ["m-1"]


def test_a_packed_file_may_be_tried_without_storing_anything(
    support: Client, clinic: Organisation, work: Work
) -> None:
    send(support, clinic, gzip.compress(readings(5)), "readings.ndjson.gz", dry_run="on")
    work()
    file = MeasurementImport.objects.get()
    assert (file.state, counts(file)) == (ImportState.TRIED, {"held": 5})
    assert "nothing is stored" in text_of(support.get(address(file)))
    assert not Measurement.objects.exists()


def test_a_large_file_comes_through_a_file_of_the_servers(support: Client, clinic: Organisation) -> None:
    body = readings(20_000)
    assert len(body) > 2_621_440
    send(support, clinic, body)
    assert MeasurementImport.objects.get().lines == 20_000


def test_an_import_is_cancelled_with_a_reason(
    support: Client, clinic: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "SLICE", 2)
    file = received(clinic, readings(5))
    step(file)
    live = text_of(support.get(address(file, "live")))
    assert "data-moving" in live
    assert address(file, "cancel") in live
    assert "2 measurements" in text_of(support.get(address(file, "cancel")))
    for reason in ("", "x" * 501):
        assert support.post(address(file, "cancel"), {"reason": reason}).status_code == 200
    support.post(address(file, "cancel"), {"reason": "ticket 13"})
    file.refresh_from_db()
    assert (file.state, counts(file)) == (ImportState.CANCELLED, {"held": 2})
    live = text_of(support.get(address(file, "live")))
    assert "What it had stored before it was cancelled stands." in live
    assert "data-moving" not in live
    response = support.post(address(file, "cancel"), {"reason": "ticket 14"}, follow=True)
    assert messages_of(response) == ["The import is over (cancelled); nothing was changed."]


def test_no_more_is_said_of_lines_that_were_not_answered_than_that(
    support: Client, clinic: Organisation
) -> None:
    file = received(clinic, readings(3_000))
    for done, state, words in (
        (0, ImportState.IMPORTING, "No line was answered so far."),
        (1_000, ImportState.IMPORTING, "1,000 of 3,000 lines were answered so far, none was refused."),
        (0, ImportState.CANCELLED, "No line was answered before the import was cancelled."),
        (
            1_000,
            ImportState.CANCELLED,
            "1,000 of 3,000 lines were answered before the import was cancelled, none was refused.",
        ),
        (3_000, ImportState.IMPORTED, "No line was refused."),
    ):
        MeasurementImport.objects.filter(pk=file.pk).update(done=done, state=state)
        page = text_of(support.get(address(file)))
        assert words in page
        assert words.replace("refused", "refused or in conflict") in page


def test_one_line_is_told_of_as_one(support: Client, clinic: Organisation) -> None:
    assert messages_of(send(support, clinic, readings(1))) == ["Received: 1 line."]
    file = MeasurementImport.objects.get()
    assert report.received(file).startswith("Read 1 line; import ")
    assert "Cancel the import of 1 line" in text_of(support.get(address(file, "cancel")))
    assert "1 lines" not in text_of(support.get(address(file, "cancel")))
    assert messages_of(send(support, clinic, readings(2)))[-1] == "Received: 2 lines."


def test_a_page_tells_when_the_job_behind_it_has_failed(support: Client, clinic: Organisation) -> None:
    file = received(clinic, readings(1))
    Job.objects.filter(pk=file.job_id).update(state="dead", finished_at=file.received_at)
    assert "run that again when the cause is gone" in text_of(support.get(address(file, "live")))
    Job.objects.all().delete()
    assert "Its job is gone" in text_of(support.get(address(file, "live")))


def test_an_import_that_stands_still_is_a_tile_that_leads_to_it_and_its_page_says_so(
    support: Client, clinic: Organisation
) -> None:
    file, moving = received(clinic, readings(1)), received(clinic, readings(1))
    assert "No line was answered" not in text_of(support.get(address(file, "live")))
    MeasurementImport.objects.filter(pk=file.pk).update(received_at=timezone.now() - timedelta(minutes=11))
    tiles = {tile.title: tile for tile in support.get(reverse("admin:index")).context["tiles"]}
    tile = tiles["Imports that stand still"]
    assert (tile.value, tile.ok) == ("1", False)
    assert list(support.get(tile.url).context["cl"].result_list) == [file]
    assert "No line was answered for ten minutes." in text_of(support.get(address(file, "live")))
    assert "No line was answered" not in text_of(support.get(address(moving, "live")))


def test_lines_that_were_not_taken_are_shown_page_by_page(support: Client, clinic: Organisation) -> None:
    file = finished(received(clinic, readings(1) + bad(150) + ndjson(item("m-0", "p-0", value=5))))
    page = support.get(address(file, "problems"))
    assert [str(cells[0]) for cells in page.context["table"]["rows"]] == [str(n) for n in range(2, 102)]
    second = support.get(page.context["next"])
    rows = second.context["table"]["rows"]
    assert [str(cells[0]) for cells in rows] == [str(n) for n in range(102, 153)]
    assert second.context["next"] == ""
    first = Measurement.objects.get(client_id="m-0")
    assert reverse("admin:observations_measurement_change", args=[first.pk]) in str(rows[-1][1])
    assert len(support.get(address(file, "problems"), {"after": "x"}).context["table"]["rows"]) == 100


def test_a_line_with_several_reasons_is_not_torn_apart(support: Client, clinic: Organisation) -> None:
    both = ndjson(*(item(f"m-{n}", "", code="99999-9") for n in range(60)))
    file = finished(received(clinic, bad(1) + both))
    page = support.get(address(file, "problems"))
    assert len(page.context["table"]["rows"]) == 99
    assert len(support.get(page.context["next"]).context["table"]["rows"]) == 22


def test_the_report_is_a_csv_in_which_nothing_is_a_formula(support: Client, clinic: Organisation) -> None:
    named = b'{"client_id": "m-2", "=cmd": 1}'
    file = finished(received(clinic, ndjson(item("=1+1", code="99999-9"), named)))
    response = support.get(address(file, "report"))
    body = b"".join(response.streaming_content)  # type: ignore[attr-defined]  # the client has no types for it
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    assert [row[:5] for row in rows] == [
        ["line", "outcome", "client_id", "field", "code"],
        ["1", "refused", "'=1+1", "code", "unknown_code"],
        ["2", "refused", "m-2", "'=cmd", "invalid"],
    ]
    assert f'filename="import-{file.pk}.csv"' in response.headers["Content-Disposition"]


def test_only_who_may_sees_and_steers_imports(clinic: Organisation) -> None:
    file = received(clinic, readings(1))
    engineer = logged_in("On-call engineer")
    names = ("change", "live", "problems", "report", "cancel")
    for url in (*(address(file, name) for name in names), reverse(NEW), reverse(LIST)):
        assert engineer.get(url).status_code == 403, url
        assert Client().get(url).status_code == 302, url
    assert send(engineer, clinic, readings(1)).status_code == 403
    assert engineer.post(address(file, "cancel"), {"reason": "ticket 12"}).status_code == 403
    file.refresh_from_db()
    assert (file.state, MeasurementImport.objects.count()) == (ImportState.IMPORTING, 1)


def test_an_import_that_is_not_there_leads_to_the_front_page(support: Client, clinic: Organisation) -> None:
    for key in (clinic.pk, "nonsense"):
        for name in ("change", "problems", "report", "cancel"):
            response = support.get(reverse(f"admin:observations_measurementimport_{name}", args=[key]))
            assert response.headers["Location"] == reverse("admin:index")
        live = reverse("admin:observations_measurementimport_live", args=[key])
        assert support.get(live).status_code == 404


def test_imports_are_filtered_by_state_organisation_and_dry_run(
    support: Client, clinic: Organisation
) -> None:
    tried = finished(received(clinic, readings(1), dry_run=True))
    other = received(factories.organisation(), readings(1))
    assert listed(support, LIST, state__exact="tried") == [str(tried)]
    assert listed(support, LIST, dry_run__exact="0") == [str(other)]
    assert listed(support, LIST, organisation__id__exact=str(clinic.pk)) == [str(tried)]


@pytest.mark.parametrize("name", ["change", "live", "problems", "report", "cancel"])
def test_no_page_asks_more_often_for_many_lines_than_for_few(
    superuser: Client, clinic: Organisation, name: str
) -> None:
    few, many = (finished(received(clinic, readings(1) + bad(number))) for number in (3, 120))
    assert queries(superuser, address(few, name)) == queries(superuser, address(many, name))


def test_the_list_asks_as_often_for_many_imports_as_for_few(superuser: Client, clinic: Organisation) -> None:
    received(clinic, readings(1), actor=factories.user())
    few = queries(superuser, reverse(LIST))
    for _ in range(10):
        received(factories.organisation(), readings(1), actor=factories.user())
    assert queries(superuser, reverse(LIST)) == few


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        response: Any = client.get(url)
        if response.streaming:
            b"".join(response.streaming_content)
    return len(found)
