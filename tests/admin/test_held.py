"""The list and the page of measurements: what counts, what is held and how long, what is flagged, and what was taken back."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from observations.intake import Sender, enter_in_error
from observations.models import Measurement, MeasurementSource
from observations.readings import Component, Reading
from submitters.models import Organisation
from tests import factories
from tests.admin import world
from tests.admin.rerun_pages import text_of
from tests.admin.test_pages import MEASUREMENTS, listed, shown
from tests.factories import NOON

PAGE = "admin:observations_measurement_change"


@pytest.fixture
def owner(db: None) -> Organisation:
    return factories.organisation(name="North")


def page_of(support: Client, measurement: Measurement) -> str:
    return text_of(support.get(reverse(PAGE, args=[measurement.pk])))


@pytest.fixture
def taken_back(owner: Organisation, work: Callable[[], int]) -> dict[str, Measurement]:
    """One that was replaced, its replacement, and one that was entered in error; none is covered, all are past due."""
    world.record(owner, *(factories.reading("p-1", client_id=name) for name in ("old", "wrong")))
    world.record(owner, factories.reading("p-1", "101", client_id="new", replaces="old"))
    sender = Sender(MeasurementSource.IMPORT)
    enter_in_error(organisation_id=owner.pk, client_id="wrong", reason="wrong arm", sender=sender)
    work()
    Measurement.objects.update(due_at=timezone.now() - timedelta(hours=1))
    return {row.client_id: row for row in Measurement.objects.all()}


def test_the_states_are_filtered_and_what_was_taken_back_waits_for_nothing(
    support: Client, taken_back: dict[str, Measurement]
) -> None:
    for state, expected in {
        "held": ["new"],
        "overdue": ["new"],
        "counted": [],
        "outside": [],
        "replaced": ["old"],
        "error": ["wrong"],
    }.items():
        assert listed(support, MEASUREMENTS, state=state) == [str(taken_back[name]) for name in expected], (
            state
        )


def test_what_was_taken_back_says_neither_how_long_nor_why_it_is_held(
    support: Client, taken_back: dict[str, Measurement]
) -> None:
    page = page_of(support, taken_back["wrong"])
    assert "Entered in error" in page
    assert "Nobody has stated the patient active" not in page
    assert "Nobody has stated the patient active" in page_of(support, taken_back["new"])


def test_a_patient_whose_held_ones_were_all_taken_back_has_none(
    support: Client, taken_back: dict[str, Measurement]
) -> None:
    patients = "admin:patients_patient_changelist"
    assert listed(support, patients, held="yes") == ["p-1"]
    sender = Sender(MeasurementSource.IMPORT)
    owner = taken_back["new"].organisation
    enter_in_error(organisation_id=owner.pk, client_id="new", reason="wrong arm", sender=sender)
    Measurement.objects.filter(client_id="new").update(status="entered-in-error")
    assert listed(support, patients, held="yes") == []


def test_those_that_wait_are_sorted_by_how_long_and_filtered_by_organisation(
    support: Client, owner: Organisation
) -> None:
    other = factories.organisation(name="South")
    for place in (owner, other, owner):
        world.record(place, factories.reading("p-1"))
    rows = [str(row) for row in Measurement.objects.order_by("pk")]
    column = support.get(reverse(MEASUREMENTS)).context["cl"].list_display.index("held_for")
    assert listed(support, MEASUREMENTS, state="held", o=f"-{column}") == rows
    assert listed(support, MEASUREMENTS, state="held", o=f"{column}") == rows[::-1]
    assert listed(support, MEASUREMENTS, state="held", organisation__id__exact=str(other.pk)) == [rows[1]]


def test_implausible_ones_are_flagged_and_filtered(support: Client, owner: Organisation) -> None:
    world.record(owner, factories.reading("p-1", "100"), factories.reading("p-1", "100000"))
    plausible, implausible = Measurement.objects.order_by("is_implausible")
    assert listed(support, MEASUREMENTS, flag="implausible") == [str(implausible)]
    assert listed(support, MEASUREMENTS, flag="none") == [str(plausible)]
    assert ">Implausible</span>" in shown(support, PAGE, implausible.pk)
    assert ">Implausible</span>" not in shown(support, PAGE, plausible.pk)


def test_a_value_in_another_unit_is_shown_in_the_canonical_one_too(
    support: Client, owner: Organisation
) -> None:
    world.record(owner, factories.reading("p-1", "98.60", code="8310-5", unit="[degF]"))
    assert "98.60 [degF] (37 Cel)" in shown(support, MEASUREMENTS)
    page = page_of(support, Measurement.objects.get())
    assert "98.60 [degF]" in page
    assert "37 Cel" in page


def test_a_long_text_is_short_in_the_list_and_whole_on_the_page_and_never_markup(
    support: Client, owner: Organisation
) -> None:
    note = "woke at night\n" + "and then again " * 20 + "<b>and more</b> to the end"
    world.record(owner, Reading("a", "p-1", "patient-note", note, None, NOON))
    assert "to the end" not in shown(support, MEASUREMENTS)
    page = shown(support, PAGE, Measurement.objects.get().pk)
    assert "woke at night<br>" in page
    assert "&lt;b&gt;and more&lt;/b&gt; to the end" in page


def test_a_questionnaire_is_shown_item_by_item_with_what_the_answers_mean(
    support: Client, owner: Organisation
) -> None:
    items = (
        "44250-9",
        "44255-8",
        "44259-0",
        "44254-1",
        "44251-7",
        "44258-2",
        "44252-5",
        "44253-3",
        "44260-8",
    )
    parts = tuple(Component(item, "LA6570-1") for item in items)
    world.record(owner, Reading("a", "p-1", "44249-1", parts, None, NOON))
    assert "interest or pleasure in doing things More than half the days, " in shown(support, MEASUREMENTS)
    assert "hopeless More than half the days and 7 more" in shown(support, MEASUREMENTS)
    page = shown(support, PAGE, Measurement.objects.get().pk)
    assert "9 values, item by item below" in page
    assert page.count("More than half the days") == len(items)
    assert "little interest or pleasure in doing things" in page


def test_components_are_shown_by_name_in_the_list_and_item_by_item_on_the_page(
    support: Client, owner: Organisation
) -> None:
    parts = (Component("8480-6", Decimal(121), "mm[Hg]"), Component("8462-4", Decimal(80), "mm[Hg]"))
    world.record(owner, Reading("a", "p-1", "85354-9", parts, None, NOON))
    assert "Systolic blood pressure 121 mm[Hg], Diastolic blood pressure 80 mm[Hg]" in shown(
        support, MEASUREMENTS
    )
    page = page_of(support, Measurement.objects.get())
    for text in ("Item by item", "8480-6", "121 mm[Hg]", "8462-4", "80 mm[Hg]"):
        assert text in page


def test_a_correction_that_came_before_what_it_corrects_names_it(
    support: Client, owner: Organisation
) -> None:
    world.record(owner, factories.reading("p-1", client_id="new", replaces="to-come"))
    page = page_of(support, Measurement.objects.get())
    assert '<td>Replaces</td><td><span class="ce-id">to-come</span></td>' in page


def test_corrections_lead_to_each_other(support: Client, taken_back: dict[str, Measurement]) -> None:
    for one, other in (("old", "new"), ("new", "old")):
        page = shown(support, PAGE, taken_back[one].pk)
        assert reverse(PAGE, args=[taken_back[other].pk]) in page
    page = page_of(support, taken_back["wrong"])
    assert "wrong arm" in page
    assert "an import" in page
