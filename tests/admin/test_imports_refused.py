"""Files that are not taken: each is told why, and nothing of it stays."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinical_engine.api.uploads import place_to_upload
from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs.models import Job
from observations.importing.staging import BOUNDS
from observations.models import ImportedLine, MeasurementImport
from submitters.models import Organisation
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.import_pages import NEW, errors, send
from tests.admin.rerun_pages import text_of
from tests.observations.importing.support import readings


@pytest.fixture
def clinic(db: None) -> Organisation:
    return factories.organisation(name="North")


@pytest.mark.parametrize("size", [70_000, 64 * 1024 + 1, 3 * 1024 * 1024], ids="{} bytes".format)
def test_a_file_whose_first_line_is_too_long_is_refused_beside_its_field(
    support: Client, clinic: Organisation, size: int
) -> None:
    # Above 2.5 MB it comes in chunks of 64 KB; below that as a whole.
    response = send(support, clinic, b"x" * size, "readings.csv")
    assert response.status_code == 200
    assert errors(response) == {"file": ["Line 1 has more than 65,536 bytes. Nothing was stored."]}
    assert not MeasurementImport.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "readings.xlsx"}, "file"),
        ({"body": b""}, "file"),
        ({"body": b"\n"}, "file"),
        ({"body": b"m-1,p-1\n", "name": "a.csv"}, "file"),
        ({"body": b"nothing packed", "name": "a.csv.gz"}, "file"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"organisation": "0197a3c2-6d40-7b1a-8c55-9e4f7a20d3c1"}, "organisation"),
        ({"organisation": "nonsense"}, "organisation"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_stored(
    support: Client, clinic: Organisation, fields: dict[str, Any], field: str
) -> None:
    response = send(support, clinic, **{"body": readings(1), **fields})
    assert (response.status_code, list(errors(response))) == (200, [field])
    for model in (MeasurementImport, ImportedLine, Job, AuditEntry):
        assert not model.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(support: Client, clinic: Organisation) -> None:
    response = support.post(reverse(NEW), {"reason": "x"}, CONTENT_LENGTH=str(2 * BOUNDS.total_bytes))
    assert response.status_code == 413
    assert "The file has more than 1 GB." in text_of(response)


def test_no_more_files_come_in_at_once_than_there_is_room_for(support: Client, clinic: Organisation) -> None:
    with place_to_upload(), place_to_upload():
        response = send(support, clinic, readings(1))
    assert response.status_code == 503
    assert "Send it again soon" in text_of(response)
    assert send(support, clinic, readings(1)).status_code == 302


def test_a_file_from_another_site_is_not_taken(clinic: Organisation) -> None:
    strict = Client(enforce_csrf_checks=True)
    logged = logged_in("Clinical support")
    strict.cookies = logged.cookies
    assert send(strict, clinic, readings(1)).status_code == 403
    assert not MeasurementImport.objects.exists()
    token = str(strict.get(reverse(NEW)).context["csrf_token"])
    assert send(strict, clinic, readings(1), csrfmiddlewaretoken=token).status_code == 302
