"""A fact stated by hand and taken back, as a person does it: in a browser."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from patients.models import Patient, PatientFact
from patients.selectors import facts_of
from tests import factories
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving


@pytest.fixture
def patient(committed_db: None) -> Patient:
    return factories.patient(factories.organisation(name="North"), "patient-7")


def test_support_states_a_birth_year_sees_it_and_takes_it_back(patient: Patient) -> None:
    account = world.account("Clinical support")
    page_of_patient = reverse("admin:patients_patient_change", args=[patient.pk])
    with serving() as address, browsing(address) as page:
        log_in(page, account.username, world.PASSWORD)
        page.goto(page_of_patient)
        state(page)
        expect(page.get_by_role("link", name="Birth year")).to_be_visible()
        expect(page.get_by_text("Holds now")).to_be_visible()
        page.get_by_role("link", name="Birth year").click()
        take_back(page)
    assert facts_of([patient.pk]) == []
    assert PatientFact.objects.get().plain_value == 1950


def state(page: Page) -> None:
    page.get_by_role("link", name="State a fact").click()
    expect(page.get_by_text("Neither sex, birth year nor SpO2 scale is known.")).to_be_visible()
    page.get_by_label("Fact").select_option(label="Birth year")
    page.get_by_label("Value").fill("19")
    page.get_by_label("Since").fill("1950-01-01T00:00:00")
    page.get_by_label("Reason").fill("ticket 12")
    page.get_by_role("button", name="State a fact").click()
    expect(page.get_by_text("Must be from 1880 to 2100.")).to_be_visible()
    page.get_by_label("Value").fill("1950")
    page.get_by_role("button", name="State a fact").click()
    expect(page.get_by_text("Stated. What follows from it is computed anew.")).to_be_visible()


def take_back(page: Page) -> None:
    page.get_by_role("link", name="Entered in error").click()
    expect(page.get_by_text("This cannot be undone")).to_be_visible()
    page.get_by_label("Reason").fill("Somebody else's letter")
    page.get_by_role("button", name="Say that it was entered in error").click()
    expect(page.get_by_text("Said. It counts no longer.")).to_be_visible()
    expect(page.get_by_text("Somebody else's letter").first).to_be_visible()
