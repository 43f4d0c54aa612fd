"""The pages with a patient's plots: periods, permissions, and what is said when there is nothing to draw."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from observations.admin.plots.page import PAGE
from observations.models import Code, Measurement, MeasurementSource
from observations.readings import Reading
from patients.models import Patient
from submitters.models import Submitter
from tests import factories
from tests.admin.plotted import NOTE, PULSE, active_for_ten_days, pulse, reading
from tests.admin.test_pages import shown
from tests.observations.facts import record

PATIENT_PAGE = "admin:patients_patient_change"


@pytest.fixture
def north(db: None) -> Submitter:
    return active_for_ten_days()


def test_texts_are_escaped_and_a_long_one_is_cut(
    support: Client, north: Submitter, work: Callable[[], int]
) -> None:
    record(north, reading(NOTE, '<script>alert("x")</script>' + "x" * 3000))
    work()
    page = shown(support, PAGE, Patient.objects.get().pk)
    assert "<script>alert" not in page
    assert "x" * 200 not in page


def test_both_pages_show_the_plots_with_the_associations_and_lead_to_each_other(
    support: Client, north: Submitter, work: Callable[[], int]
) -> None:
    record(north, pulse(72))
    work()
    key = Patient.objects.get().pk
    panel, page = shown(support, PATIENT_PAGE, key), shown(support, PAGE, key)
    for text in (panel, page):
        assert 'aria-label="Heart rate: 1 reading drawn; newest 72 /min' in text
        assert "COPD at home: Active from" in text
        assert "Times of Europe/Amsterdam" in text
    assert reverse(PAGE, args=[key]) in panel
    assert reverse(PATIENT_PAGE, args=[key]) in page
    row = re.search(r'<tr><td data-label="Measured"><div><a class="ce-link".*?</tr>', page)
    assert row is not None
    assert "72 /min" in row[0]
    assert "Counted" in row[0]


@pytest.mark.parametrize(
    ("query", "found"), [({"period": "week"}, 1), ({"period": "year"}, 2), ({"period": "all"}, 3), ({}, 1)]
)
def test_a_period_shows_what_was_measured_within_it(
    support: Client, north: Submitter, work: Callable[[], int], query: dict[str, str], found: int
) -> None:
    record(
        north, pulse(70), pulse(71, 24 * 100), pulse(72, 24 * 1000), reading("8302-2", 170, "cm", 24 * 2000)
    )
    work()
    page = shown(support, PAGE, Patient.objects.get().pk, **query)
    assert f"Heart rate: {found} reading" in page
    assert ("Nothing in this stretch of time of: Body height (last" in page) == (query != {"period": "all"})


def test_days_are_those_of_the_organisations_calendar_and_both_belong_to_it(
    support: Client, north: Submitter
) -> None:
    # Midnight in Amsterdam is 22:00 UTC in summer; the clocks changed on the day before.
    for value, minute in enumerate(("28T22:59", "28T23:00", "29T21:59", "29T22:00")):
        at = datetime.fromisoformat(f"2026-03-{minute}").replace(tzinfo=UTC)
        record(north, Reading(f"m-{value}", "p", PULSE, Decimal(60 + value), "/min", at))
    page = shown(support, PAGE, Patient.objects.get().pk, **{"from": "2026-03-29", "to": "2026-03-29"})
    assert "Heart rate: 2 readings drawn" in page
    assert "61 /min; 29 Mar 2026, 00:00 CET; held" in page
    assert "62 /min; 29 Mar 2026, 23:59 CEST; held" in page


@pytest.mark.parametrize("day", ["2026-13-01", "yesterday", "2026-02-30", "0000-01-01"])
def test_a_day_that_is_none_is_said_to_be_none(support: Client, north: Submitter, day: str) -> None:
    record(north, pulse(72))
    for query in ({"from": day}, {"to": day}):
        assert "A day is written as 2026-03-29." in shown(support, PAGE, Patient.objects.get().pk, **query)


@pytest.mark.parametrize("day", ["0001-01-01", "1800-01-01", "1849-12-31", "2200-01-01", "9999-12-31"])
def test_of_a_day_that_is_out_of_bounds_the_bounds_are_said(
    support: Client, north: Submitter, day: str
) -> None:
    record(north, pulse(72))
    for query in ({"from": day}, {"to": day}):
        page = shown(support, PAGE, Patient.objects.get().pk, **query)
        assert "A day must be of the years 1850 to 2199." in page
        assert "A day is written" not in page
    within = shown(support, PAGE, Patient.objects.get().pk, **{"from": "1850-01-01", "to": "2199-12-31"})
    assert "A day must" not in within


def test_days_in_the_wrong_order_and_unknown_periods_show_what_nobody_chose(
    support: Client, north: Submitter
) -> None:
    record(north, pulse(72))
    key = Patient.objects.get().pk
    page = shown(support, PAGE, key, **{"from": "2026-03-29", "to": "2026-03-28"})
    assert "The first day is after the last one." in page
    assert "Last 30 days" in shown(support, PAGE, key, period="century")


def test_a_patient_without_measurements_has_a_page_that_says_so(support: Client, north: Submitter) -> None:
    patient = factories.patient(north.organisation, "p")
    for view in (PAGE, PATIENT_PAGE):
        assert "No measurement yet." in shown(support, view, patient.pk)


def test_only_who_may_see_measurements_and_patients_sees_the_page(north: Submitter) -> None:
    patient = factories.patient(north.organisation, "p")
    user = User.objects.create_user("nurse", is_staff=True)
    client = Client()
    client.force_login(user)
    url = reverse(PAGE, args=[patient.pk])
    for name in ("view_measurement", "view_patient"):
        assert client.get(url).status_code == 403
        user.user_permissions.add(Permission.objects.get(codename=name))
        user = User.objects.get(pk=user.pk)
    assert client.get(url).status_code == 200
    assert "/login/" in Client().get(url)["Location"]


def test_who_may_not_see_associations_sees_plots_without_them(
    north: Submitter, work: Callable[[], int]
) -> None:
    record(north, pulse(72))
    work()
    user = User.objects.create_user("nurse", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_measurement", "view_patient"]))
    client = Client()
    client.force_login(user)
    page = client.get(reverse(PAGE, args=[Patient.objects.get().pk])).content.decode()
    assert "Heart rate: 1 reading drawn" in page
    assert "COPD at home" not in page


@pytest.mark.parametrize("key", ["00000000-0000-0000-0000-000000000000", "no-id"])
def test_the_page_of_a_patient_who_is_not_there_leads_to_the_front_page(support: Client, key: str) -> None:
    answer = support.get(reverse(PAGE, args=[key]))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("admin:index")


def test_a_measurement_that_has_another_kind_of_value_than_its_code_now_is_still_listed(
    support: Client, north: Submitter
) -> None:
    patient = factories.patient(north.organisation, "p")
    now = timezone.now()
    Measurement.objects.create(
        organisation=north.organisation,
        patient=patient,
        code=Code.objects.get(code=PULSE),
        client_id="text",
        value_text="fast",
        measured_at=now,
        utc_offset_minutes=0,
        source=MeasurementSource.IMPORT,
        due_at=now,
    )
    record(north, pulse(72))
    page = shown(support, PAGE, patient.pk)
    assert "1 of 2 readings" in page
    assert '<td data-label="Value as sent"><div>fast</div></td>' in page
