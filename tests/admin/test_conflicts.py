"""Conflicts of measurements in the admin: both contents side by side, resolved for good with a reason."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from observations.intake import Sender, enter_in_error
from observations.intake.resolving import client_id_of_second
from observations.models import Code, Measurement, MeasurementConflict, MeasurementSource
from observations.readings import Component, Reading
from patients.services import activate
from submitters.models import Organisation
from tests import factories
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import messages_of, text_of
from tests.admin.test_pages import listed, shown
from tests.factories import NOON

Work = Callable[[], int]
CONFLICTS = "admin:observations_measurementconflict_changelist"
PAGE = "admin:observations_measurementconflict_change"
KEEP = "admin:observations_measurementconflict_keep_first"
TAKE = "admin:observations_measurementconflict_take_second"
WHY = {"reason": "ticket 12: the ward confirmed it"}


@pytest.fixture
def owner(db: None) -> Organisation:
    return factories.organisation(name="North")


def conflict_in(owner: Organisation, **fields: Any) -> MeasurementConflict:
    """A reading of 100 for p-1, and one of 140 under the same client id."""
    world.record(owner, factories.reading("p-1", "100", client_id="a"))
    patient = fields.pop("patient", "p-1")
    world.record(owner, factories.reading(patient, "140", **{"client_id": "a", **fields}))
    return MeasurementConflict.objects.latest("pk")


def address(view: str, conflict: MeasurementConflict) -> str:
    return reverse(view, args=[conflict.pk])


def rows_of(response: Any) -> dict[str, tuple[str, str, bool]]:
    """By what it is: both contents, and whether the row is marked."""
    return {
        str(name): (str(first), str(second), "differs" in str(mark))
        for name, first, second, mark in response.context["contents"]["rows"]
    }


def test_the_page_shows_both_contents_side_by_side_and_marks_what_differs(
    support: Client, owner: Organisation
) -> None:
    rows = rows_of(support.get(address(PAGE, conflict_in(owner, patient="p-2"))))
    assert rows["Patient"] == ("p-1", "p-2", True)
    assert rows["Value"] == ("100 mg/dL", "140 mg/dL", True)
    assert rows["What"] == ("Glucose in blood", "Glucose in blood", False)
    assert rows["Measured"][2] is False


def test_values_of_several_are_compared_part_by_part(support: Client, owner: Organisation) -> None:
    for systolic in ("120", "130"):
        parts = (
            Component("8480-6", Decimal(systolic), "mm[Hg]"),
            Component("8462-4", Decimal(80), "mm[Hg]"),
        )
        world.record(owner, Reading("a", "p-1", "85354-9", parts, None, NOON))
    rows = rows_of(support.get(address(PAGE, MeasurementConflict.objects.get())))
    marked = [name for name, (_, _, differs) in rows.items() if differs]
    assert len(marked) == 1
    assert rows[marked[0]][:2] == ("120 mm[Hg]", "130 mm[Hg]")


def test_what_came_in_is_never_taken_for_markup(support: Client, owner: Organisation) -> None:
    for text in ("one", "<script>alert(1)</script>"):
        world.record(owner, Reading("a", "p-1", "patient-note", text, None, NOON))
    conflict = MeasurementConflict.objects.get()
    for page in (shown(support, PAGE, conflict.pk), shown(support, TAKE, conflict.pk)):
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("view", [KEEP, TAKE])
def test_asking_says_that_it_cannot_be_undone_and_changes_nothing(
    support: Client, owner: Organisation, view: str
) -> None:
    conflict = conflict_in(owner)
    for response in (
        support.get(address(view, conflict)),
        support.post(address(view, conflict), {"reason": " "}),
    ):
        assert "Resolving a conflict cannot be undone." in text_of(response)
    conflict.refresh_from_db()
    assert conflict.resolved_at is None


def test_the_first_stands_with_a_reason(support: Client, owner: Organisation) -> None:
    conflict = conflict_in(owner)
    response = support.post(address(KEEP, conflict), WHY)
    assert response.headers["Location"] == address(PAGE, conflict)
    assert messages_of(response) == ["The first stands."]
    page = shown(support, PAGE, conflict.pk)
    for text in ("clinical-support", WHY["reason"], "measurement_conflict.keep_first"):
        assert text in page
    assert address(KEEP, conflict) not in page, "no button any more"
    assert address(TAKE, conflict) not in page


def test_the_second_is_taken_and_both_measurements_lead_to_each_other(
    support: Client, owner: Organisation, work: Callable[[], int]
) -> None:
    conflict = conflict_in(owner)
    support.post(address(TAKE, conflict), WHY)
    work()
    first, taken = Measurement.objects.order_by("pk")
    pages = {row: reverse("admin:observations_measurement_change", args=[row.pk]) for row in (first, taken)}
    assert pages[taken] in shown(support, PAGE, conflict.pk)
    page_of_first = shown(support, "admin:observations_measurement_change", first.pk)
    assert "Replaced by" in page_of_first
    assert pages[taken] in page_of_first
    assert address(PAGE, conflict) in page_of_first
    page_of_taken = shown(support, "admin:observations_measurement_change", taken.pk)
    assert "Replaces" in page_of_taken
    assert pages[first] in page_of_taken


def test_a_second_that_was_to_replace_another_says_what_becomes_of_that(
    support: Client, owner: Organisation
) -> None:
    world.record(owner, factories.reading("p-1", client_id="x"))
    conflict = conflict_in(owner, replaces="x")
    assert "so x will be entered in error" in text_of(support.get(address(TAKE, conflict)))
    assert "entered in error" not in text_of(support.get(address(KEEP, conflict)))


def test_a_first_that_was_replaced_meanwhile_is_told_and_nothing_changes(
    support: Client, owner: Organisation
) -> None:
    conflict = conflict_in(owner)
    world.record(owner, factories.reading("p-1", "101", replaces="a"))
    text = text_of(support.post(address(TAKE, conflict), WHY))
    assert "The second cannot be taken. Another measurement replaces the first already" in text
    assert "nothing was changed" in text
    conflict.refresh_from_db()
    assert conflict.resolved_at is None


def outlook(client: Client, conflict: MeasurementConflict, view: str = PAGE) -> str:
    """What the page says beside both contents."""
    sentences = client.get(address(view, conflict)).context["outlook"]
    return " ".join(strip_tags(str(sentence)) for sentence in sentences)


def buttons(client: Client, conflict: MeasurementConflict) -> set[str]:
    page = shown(client, PAGE, conflict.pk)
    return {view for view in (KEEP, TAKE) if address(view, conflict) in page}


def link(owner: Organisation, patient: str, work: Work) -> None:
    """Have the patient associated since before every reading."""
    said = [factories.statement(patient, NOON - factories.days(30))]
    activate(submitter=factories.submitter(owner), statements=said, origin=factories.BY_IMPORT)
    work()


def test_a_conflict_in_which_nothing_stands_in_the_way_says_nothing_more(
    support: Client, owner: Organisation, work: Work
) -> None:
    conflict = conflict_in(owner)
    link(owner, "p-1", work)
    assert outlook(support, conflict) == ""
    assert buttons(support, conflict) == {KEEP, TAKE}


def test_the_page_says_that_the_first_was_replaced_and_does_not_offer_the_second(
    support: Client, owner: Organisation
) -> None:
    conflict = conflict_in(owner)
    world.record(owner, factories.reading("p-1", "101", client_id="b", replaces="a"))
    text = outlook(support, conflict)
    assert "The first was replaced by b (an import, " in text
    assert "The second cannot be taken. Another measurement replaces the first already" in text
    page_of_b = reverse(
        "admin:observations_measurement_change", args=[Measurement.objects.get(client_id="b").pk]
    )
    assert page_of_b in shown(support, PAGE, conflict.pk)
    assert buttons(support, conflict) == {KEEP}
    assert 'name="reason"' not in shown(support, TAKE, conflict.pk)
    assert 'name="reason"' in shown(support, KEEP, conflict.pk)


def test_the_page_says_that_the_first_was_entered_in_error_and_the_second_can_be_taken(
    support: Client, owner: Organisation
) -> None:
    conflict = conflict_in(owner)
    sender = Sender(MeasurementSource.STAFF, actor_id=factories.user().pk)
    enter_in_error(organisation_id=owner.pk, client_id="a", reason="<b>wrong</b> arm", sender=sender)
    assert "The first was entered in error, “&lt;b&gt;wrong&lt;/b&gt; arm” (" in outlook(support, conflict)
    for view in (PAGE, KEEP, TAKE):
        assert "it counts no longer" in outlook(support, conflict, view)
    assert buttons(support, conflict) == {KEEP, TAKE}


def test_it_is_said_beforehand_that_the_second_is_implausible_and_would_be_held(
    support: Client, owner: Organisation, work: Work
) -> None:
    world.record(owner, factories.reading("p-1", "100", client_id="a"))
    world.record(owner, factories.reading("p-2", "9000", client_id="a"))
    conflict = MeasurementConflict.objects.get()
    text = outlook(support, conflict)
    assert "The second is implausible" in text
    assert "would be held, since no association of p-2 covers its time" in text
    assert "It would be flagged." in text
    assert "It would count" not in text
    link(owner, "p-2", work)
    assert "held" not in outlook(support, conflict)
    assert "It would count, and be flagged." in outlook(support, conflict)
    support.post(address(TAKE, conflict), WHY)
    assert Measurement.objects.get(client_id=client_id_of_second(conflict)).is_implausible


def test_a_second_that_the_catalogue_takes_no_longer_is_not_offered_and_the_page_says_why(
    support: Client, owner: Organisation
) -> None:
    conflict = conflict_in(owner, unit="mmol/L")
    Code.objects.get(code="2339-0").units.filter(unit="mmol/L").delete()
    assert "The second cannot be taken. mmol/L is not taken for this code, only mg/dL" in outlook(
        support, conflict
    )
    assert buttons(support, conflict) == {KEEP}


def test_a_second_whose_id_a_sender_uses_is_not_offered_and_the_page_says_why(
    support: Client, owner: Organisation
) -> None:
    conflict = conflict_in(owner)
    world.record(owner, factories.reading("p-9", client_id=client_id_of_second(conflict)))
    assert "The second cannot be taken. A measurement with the id that the second would get" in outlook(
        support, conflict
    )
    assert buttons(support, conflict) == {KEEP}


def test_a_resolved_conflict_says_nothing_of_what_would_be(support: Client, owner: Organisation) -> None:
    conflict = conflict_in(owner)
    support.post(address(KEEP, conflict), WHY)
    assert outlook(support, conflict) == ""
    assert buttons(support, conflict) == set()


def test_who_comes_second_is_told(support: Client, owner: Organisation) -> None:
    conflict = conflict_in(owner)
    support.post(address(KEEP, conflict), WHY)
    response = support.post(address(TAKE, conflict), WHY)
    assert messages_of(response)[-1] == "Somebody resolved this conflict before; nothing was changed."
    assert "Somebody resolved this conflict before." in text_of(support.get(address(TAKE, conflict)))
    assert Measurement.objects.count() == 1


def test_unresolved_ones_are_counted_on_the_overview_and_filtered(
    support: Client, owner: Organisation
) -> None:
    kept = conflict_in(owner)
    world.record(owner, factories.reading("p-1", "150", client_id="a"))
    open_one = MeasurementConflict.objects.latest("pk")
    support.post(address(KEEP, kept), WHY)
    tiles = {tile.title: tile for tile in support.get(reverse("admin:index")).context["tiles"]}
    tile = tiles["Conflicts to resolve"]
    assert (tile.value, tile.ok) == ("1", False)
    assert [str(row) for row in support.get(tile.url).context["cl"].result_list] == [str(open_one)]
    assert listed(support, CONFLICTS, state="kept") == [str(kept)]
    assert listed(support, CONFLICTS, state="taken") == []
    assert len(listed(support, CONFLICTS)) == 2


@pytest.mark.parametrize("view", [KEEP, TAKE])
def test_only_who_may_resolves_a_conflict(owner: Organisation, view: str) -> None:
    conflict = conflict_in(owner)
    assert logged_in("On-call engineer").post(address(view, conflict), WHY).status_code == 403
    conflict.refresh_from_db()
    assert conflict.resolved_at is None


@pytest.mark.parametrize("view", [KEEP, TAKE])
def test_resolving_what_is_not_there_leads_to_the_front_page(support: Client, view: str) -> None:
    assert support.get(reverse(view, args=[12345])).headers["Location"] == reverse("admin:index")
