"""Exporting measurements as CSV: what is in the file, what no spreadsheet takes for a formula, and its trace."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import fetch_all
from observations.exporting import service
from observations.exporting.lines import HEADER
from observations.models import Code, Measurement
from observations.readings import Component, Reading
from patients.models import Patient
from patients.services import activate
from submitters.models import Organisation
from tests import factories
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.export_pages import EXPORT, WHY, lines, note, read, sent
from tests.admin.rerun_pages import text_of
from tests.admin.test_pages import MEASUREMENTS, shown
from tests.factories import NOON, days


@pytest.fixture
def owner(db: None) -> Organisation:
    return factories.organisation(name="North")


def test_a_line_tells_the_value_as_sent_and_in_the_canonical_unit_and_the_time_with_its_offset(
    support: Client, owner: Organisation, work: Callable[[], int]
) -> None:
    submitter = factories.submitter(owner)
    said = factories.statement("p-1", NOON - days(1))
    activate(submitter=submitter, statements=[said], origin=factories.BY_IMPORT)
    time = datetime.fromisoformat("2026-03-10T17:30:00.250000+05:30")
    world.record(owner, factories.reading("p-1", "98.60", time, code="8310-5", unit="[degF]", client_id="a"))
    work()
    [line] = lines(support)
    assert line | {"measurement": "", "received_at": ""} == {
        "measurement": "",
        "organisation": "North",
        "patient": "p-1",
        "client_id": "a",
        "code": "8310-5",
        "name": "Body temperature",
        "part_code": "",
        "part_name": "",
        "value": "98.60",
        "unit": "[degF]",
        "answer_name": "",
        "canonical_value": "37.00",
        "canonical_unit": "Cel",
        "measured_at": "2026-03-10T17:30:00.250000+05:30",
        "received_at": "",
        "state": "counted",
        "implausible": "false",
        "replaces": "",
        "source": "import",
        "sender": "",
    }
    assert line["measurement"] == str(Measurement.objects.get().pk)
    assert datetime.fromisoformat(line["received_at"]) == Measurement.objects.get().received_at


def test_each_kind_of_value_is_written_and_each_part_has_a_line(support: Client, owner: Organisation) -> None:
    parts = (
        Component("8480-6", Decimal("121.100000000000000000"), "mm[Hg]"),
        Component("8462-4", Decimal(80), "mm[Hg]"),
    )
    world.record(
        owner,
        Reading("a", "p-1", "85354-9", parts, None, NOON),
        Reading("b", "p-1", "44250-9", "LA6570-1", None, NOON),
        Reading("c", "p-1", "patient-note", 'Said "well",\nthen slept; ünder 37°', None, NOON),
    )
    found = lines(support)
    assert [(line["client_id"], line["part_code"], line["value"], line["answer_name"]) for line in found] == [
        ("a", "8480-6", "121.100000000000000000", ""),
        ("a", "8462-4", "80", ""),
        ("b", "", "LA6570-1", "More than half the days"),
        ("c", "", 'Said "well",\nthen slept; ünder 37°', ""),
    ]
    assert {line["canonical_unit"] for line in found if line["client_id"] == "a"} == {"mm[Hg]"}


def test_what_was_taken_back_or_flagged_says_so(
    support: Client, owner: Organisation, work: Callable[[], int]
) -> None:
    world.record(owner, factories.reading("p-1", "100000", client_id="a"))
    world.record(owner, factories.reading("p-1", "100", client_id="b", replaces="a"))
    work()
    found = {line["client_id"]: line for line in lines(support)}
    assert (found["a"]["state"], found["a"]["implausible"]) == ("replaced", "true")
    assert (found["b"]["state"], found["b"]["replaces"]) == ("held", "a")


def test_of_a_flagged_pressure_only_the_value_outside_its_range_is_flagged(
    support: Client, owner: Organisation
) -> None:
    world.record(owner, *(pressure(*values) for values in ((310, 80), (120, 5), (310, 5), (120, 80))))
    assert flags(support) == {
        ("310", "80"): ("true", "false"),
        ("120", "5"): ("false", "true"),
        ("310", "5"): ("true", "true"),
        ("120", "80"): ("false", "false"),
    }
    Code.objects.filter(code__in=("8480-6", "8462-4")).update(plausible_low=None, plausible_high=None)
    found = flags(support)
    assert found["310", "80"] == ("true", "true"), "by a range that is there no more"
    assert found["120", "80"] == ("false", "false")


def pressure(systolic: int, diastolic: int) -> Reading:
    parts = (
        Component("8480-6", Decimal(systolic), "mm[Hg]"),
        Component("8462-4", Decimal(diastolic), "mm[Hg]"),
    )
    return Reading(f"{systolic}/{diastolic}", "p-1", "85354-9", parts, None, NOON)


def flags(client: Client) -> dict[tuple[str, str], tuple[str, str]]:
    """Of each pressure whether its parts are implausible, by their values."""
    found = iter(lines(client))
    return {
        (one["value"], other["value"]): (one["implausible"], other["implausible"])
        for one, other in zip(found, found, strict=True)
    }


def test_the_file_holds_what_the_list_shows(support: Client, owner: Organisation) -> None:
    other = factories.organisation(name="South")
    world.record(owner, factories.reading("p-1"), factories.reading("p-2", "100000"))
    world.record(other, factories.reading("p-1"))
    patient = Patient.objects.get(organisation=owner, external_id="p-2")
    for filters, number in (
        ({}, 3),
        ({"organisation__id__exact": str(owner.pk)}, 2),
        ({"flag": "implausible"}, 1),
        ({"state": "counted"}, 0),
        ({"q": "p-1"}, 2),
        ({"q": "nobody"}, 0),
        ({"patient__id__exact": str(patient.pk)}, 1),
    ):
        assert len(lines(support, **filters)) == number, filters


def test_without_any_organisation_a_search_gives_a_file_without_lines(support: Client) -> None:
    assert lines(support, q="p-1") == []
    assert AuditEntry.objects.get().details["measurements"] == 0


def test_a_filter_that_is_unknown_gives_no_file(support: Client, owner: Organisation) -> None:
    world.record(owner, factories.reading("p-1"))
    for filters in ({"state": "xyz"}, {"nonsense": "1"}, {"q": "a\x00b"}):
        response = support.post(reverse(EXPORT), {**filters, **WHY})
        assert response.headers["Location"] == reverse(MEASUREMENTS), filters
    assert not AuditEntry.objects.exists()


def test_the_file_begins_with_a_byte_order_mark_and_ends_its_lines_as_rfc_4180_says(
    support: Client, owner: Organisation
) -> None:
    note(owner, "grün")
    content = sent(support)
    assert content.startswith(b"\xef\xbb\xbfmeasurement,organisation,")
    assert content.endswith(b"\r\n")
    assert content.count(b"\r\n") == 2


def test_neither_the_address_nor_the_name_of_the_file_tells_of_a_patient(
    support: Client, owner: Organisation
) -> None:
    world.record(owner, factories.reading("p-secret"))
    page = shown(support, MEASUREMENTS, q="p-secret")
    assert f'action="{reverse(EXPORT)}"' in page
    assert '<input type="hidden" name="q" value="p-secret">' in page
    response = support.post(reverse(EXPORT), {"q": "p-secret", **WHY})
    assert "secret" not in response.headers["Content-Disposition"]
    assert response.headers["Content-Disposition"].startswith('attachment; filename="measurements-2')
    assert "no-store" in response.headers["Cache-Control"]
    assert b"p-secret" in read(response)


def test_asking_shows_how_many_and_which_and_records_nothing(support: Client, owner: Organisation) -> None:
    factories.organisation(name="South")
    world.record(owner, factories.reading("p-1"), factories.reading("p-2"))
    text = text_of(support.post(reverse(EXPORT), {"state": "held", "organisation__id__exact": str(owner.pk)}))
    assert "2 measurements." in text
    assert "<dt>State</dt><dd>Held</dd>" in text
    assert "<dt>Organisation</dt><dd>North</dd>" in text
    assert not AuditEntry.objects.exists()


def test_the_trail_tells_how_many_and_by_which_filter_and_no_value(
    support: Client, owner: Organisation
) -> None:
    world.record(owner, factories.reading("p-secret"), factories.reading("p-2"))
    sent(support, state="held", organisation__id__exact=str(owner.pk), q="p-secret", value_text="secret note")
    patient = Patient.objects.get(external_id="p-secret")
    entries = {entry.target_type: entry for entry in AuditEntry.objects.all()}
    assert set(entries) == {"measurement_export", "patient"}
    assert {(entry.action, entry.reason) for entry in entries.values()} == {
        ("measurement.export", WHY["reason"])
    }
    assert entries["patient"].target_id == str(patient.pk)
    assert entries["measurement_export"].organisation_id == owner.pk
    assert entries["measurement_export"].details == {
        "measurements": 0,
        "filters": {
            "state": "held",
            "organisation__id__exact": str(owner.pk),
            "search": [str(patient.pk)],
            "value_text": "(not kept)",
        },
    }
    assert "secret" not in json.dumps(entries["measurement_export"].details)


def test_a_patients_page_exports_the_measurements_of_that_patient(
    support: Client, owner: Organisation
) -> None:
    world.record(owner, factories.reading("p-1"), factories.reading("p-2"))
    patient = Patient.objects.get(external_id="p-2")
    page = shown(support, "admin:patients_patient_change", patient.pk)
    assert f'<input type="hidden" name="patient__id__exact" value="{patient.pk}">' in page
    [line] = lines(support, patient__id__exact=str(patient.pk))
    assert line["patient"] == "p-2"
    assert "measurement.export" in shown(support, "admin:patients_patient_change", patient.pk)


@pytest.mark.parametrize("reason", ["", " ", "x" * 501])
def test_without_a_reason_there_is_no_file(support: Client, owner: Organisation, reason: str) -> None:
    response = support.post(reverse(EXPORT), {"reason": reason})
    assert response.headers["Content-Type"].startswith("text/html")
    assert not AuditEntry.objects.exists()


def test_only_who_may_exports(owner: Organisation) -> None:
    world.record(owner, factories.reading("p-1"))
    client = logged_in("On-call engineer")
    assert client.get(reverse(EXPORT)).status_code == 403
    assert client.post(reverse(EXPORT), WHY).status_code == 403
    viewer = User.objects.get(username="on-call-engineer")
    give(viewer, "view_measurement")
    client.force_login(viewer)
    assert reverse(EXPORT) not in shown(client, MEASUREMENTS), "no button either"
    assert client.post(reverse(EXPORT), WHY).status_code == 403
    assert not AuditEntry.objects.exists()


def give(user: User, codename: str) -> None:
    user.user_permissions.add(Permission.objects.get(codename=codename))


def test_large_numbers_are_written_alike_on_the_page(support: Client, owner: Organisation) -> None:
    world.record(owner, *(factories.reading("p-1", client_id=f"m-{n}") for n in range(1_001)))
    page = text_of(support.post(reverse(EXPORT), {}))
    assert "1,001 measurements." in page
    assert "At most 1,000,000 measurements" in page


def test_more_than_a_file_may_have_are_refused_with_what_to_do(
    support: Client, owner: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 2)
    world.record(owner, *(factories.reading("p-1") for _ in range(3)))
    text = text_of(support.post(reverse(EXPORT), WHY))
    assert "More than 2 measurements match" in text
    assert "Narrow the list and export it in parts." in text
    assert not AuditEntry.objects.exists()
    assert fetch_all("SELECT name FROM pg_cursors") == []
    assert len(lines(support, q=Measurement.objects.latest("pk").client_id)) == 1


def test_nothing_is_left_with_the_server_when_the_reader_goes_away(
    support: Client, owner: Organisation
) -> None:
    world.record(owner, factories.reading("p-1"))
    response: Any = support.post(reverse(EXPORT), WHY)
    assert len(fetch_all("SELECT name FROM pg_cursors WHERE is_holdable")) == 1
    next(iter(response.streaming_content))
    response._iterator.close()
    assert fetch_all("SELECT name FROM pg_cursors") == []


def test_every_line_has_a_cell_for_each_column(support: Client, owner: Organisation) -> None:
    world.record(owner, factories.reading("p-1"))
    text = io.StringIO(sent(support).decode("utf-8-sig"), newline="")
    assert {len(line) for line in csv.reader(text)} == {len(HEADER)}
