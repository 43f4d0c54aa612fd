"""Lists of tables that are too large to be counted."""

import os
from contextlib import closing

import psycopg2
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinical_engine.staff import expressions, paginator
from clinical_engine.staff.expressions import bounded
from patients.models import Patient
from patients.services import ensure_patients
from tests import factories
from tests.admin.conftest import logged_in

PATIENTS = "admin:patients_patient_changelist"


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paginator, "LIMIT", 60)


@pytest.fixture
def seventy(db: None) -> None:
    fill()


def fill() -> None:
    owner = factories.organisation()
    for number in range(70):
        factories.patient(owner, f"p-{number:02d}")


@pytest.mark.usefixtures("few_are_many", "committed_db")
def test_a_list_counts_to_its_limit_and_says_about_how_many_there_are() -> None:
    fill()
    with (
        closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as owner,
        owner,
        owner.cursor() as cursor,
    ):
        cursor.execute("ANALYZE patients_patient")
    page = logged_in("Clinical support").get(reverse(PATIENTS), {"p": "2"})
    assert len(page.context["cl"].result_list) == 10
    text = " ".join(page.content.decode().split())
    assert "The first 60 patients of about 70; search or filter to see others" in text


@pytest.mark.usefixtures("few_are_many", "seventy")
def test_a_list_whose_size_nobody_knows_says_only_that_there_are_more(support: Client) -> None:
    text = " ".join(support.get(reverse(PATIENTS)).content.decode().split())
    assert "The first 60 patients; search or filter to see others" in text


@pytest.mark.usefixtures("few_are_many", "seventy")
def test_a_filtered_list_does_not_guess(support: Client) -> None:
    text = " ".join(support.get(reverse(PATIENTS), {"linked": "no"}).content.decode().split())
    assert "The first 60 patients; search or filter to see others" in text


@pytest.mark.usefixtures("seventy")
def test_no_list_counts_without_a_bound(support: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        support.get(reverse(PATIENTS))
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"].upper()]
    assert counts
    assert all("LIMIT" in sql for sql in counts), counts


@pytest.mark.usefixtures("seventy")
def test_a_page_beyond_the_last_leads_back(support: Client) -> None:
    assert support.get(reverse(PATIENTS), {"p": "99"}).status_code == 302


def test_counts_in_a_list_stop_at_their_bound() -> None:
    assert [bounded(number) for number in (0, 1_000, expressions.COUNT_LIMIT + 1)] == [
        "0",
        "1,000",
        "over 1,000",
    ]


def test_a_patient_is_found_in_the_index_however_many_there_are(committed_db: None) -> None:
    owner = factories.organisation().id
    ensure_patients(organisation_id=owner, external_ids=[f"p-{number}" for number in range(5_000)])
    # Those that another test left, of one patient each in many organisations, speak for another index.
    with (
        closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as database,
        database,
        database.cursor() as cursor,
    ):
        cursor.execute("ANALYZE patients_patient")
    found = Patient.objects.filter(organisation_id__in=[owner], external_id__startswith="p-49")
    assert "patient_external_id_once" in found.explain()
