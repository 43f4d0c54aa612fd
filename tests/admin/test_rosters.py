"""Rosters in the admin: what they found, the guard's question, and who drifts."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs.models import Job
from patients.models import Association, Patient, Roster, RosterState
from submitters.models import Submitter
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import messages_of, text_of
from tests.admin.roster_pages import SINCE, Work, address, cells, drifting_roster, link, panel
from tests.admin.test_pages import listed
from tests.factories import NOON
from tests.patients.rosters.support import lines_of, roster_from, roster_of

LIST = "admin:patients_roster_changelist"


@pytest.fixture
def copd(db: None) -> Submitter:
    return factories.submitter(factories.organisation(name="North"), name="COPD")


@pytest.fixture
def held(copd: Submitter, work: Work) -> Roster:
    """A list that would unlink one of two patients and link another."""
    link(copd, work, "stays", "goes")
    roster = roster_of(copd, {"stays": SINCE, "comes": SINCE})
    work()
    roster.refresh_from_db()
    assert roster.state == RosterState.HELD
    return roster


@pytest.fixture
def drifting(copd: Submitter, work: Work) -> Roster:
    return drifting_roster(copd, work)


def test_a_rosters_page_says_in_words_what_was_found_and_whom_it_concerns(
    support: Client, held: Roster
) -> None:
    response = support.get(address(held, "change"))
    text = text_of(response)
    assert "Held for a person" in text
    assert "Missing here: listed and not linked" in text
    assert "Extra here: linked and not listed" in text
    assert cells(response, "Missing here") == ['<span class="ce-id">comes</span>']
    goes = Patient.objects.get(external_id="goes")
    [extra] = cells(response, "Extra here")
    assert reverse("admin:patients_patient_change", args=[goes.pk]) in extra
    assert reverse("admin:jobs_job_change", args=[held.job_id]) in text


def test_lines_that_could_not_be_taken_are_shown_with_their_reasons(
    support: Client, copd: Submitter, work: Work
) -> None:
    body = lines_of({"good": SINCE, "late": NOON + timedelta(days=1)}) + 150 * b"{}\n"
    roster = roster_from(copd, body, dry_run=True)
    work()
    response = support.get(address(roster, "change"))
    told = panel(response, "Lines that could not be taken")
    assert len(told["rows"]) == 100
    assert told["rows"][0][0] == "2"
    assert told["note"] == "The first 100 of 151."


def test_why_the_guard_holds_it_is_said_before_it_is_confirmed(
    support: Client, held: Roster, work: Work
) -> None:
    question = text_of(support.get(address(held, "confirm")))
    assert "1 of 2 linked patients would be unlinked (50.0%)" in question
    assert "active with the submitter: 1 patient; inactive: 1 patient." in question
    answer = {"reason": "ticket 12: the ward was closed", "extra": "1"}
    response = support.post(address(held, "confirm"), answer)
    assert response.headers["Location"] == address(held, "change")
    work()
    held.refresh_from_db()
    assert (held.state, str(held.confirmed_by)) == (RosterState.APPLIED, "clinical-support")
    text = text_of(support.get(address(held, "change")))
    assert "2 of 2 patients linked or unlinked, 100 %" in text
    assert "Confirmed by clinical-support." in text
    assert AuditEntry.objects.get(action="roster.confirm").reason == "ticket 12: the ward was closed"


@pytest.mark.parametrize("seen", ["0", "3", "", "-1", "one"])
def test_another_number_than_was_seen_is_not_confirmed(support: Client, held: Roster, seen: str) -> None:
    answer = {"reason": "ticket 12", "extra": seen}
    response = support.post(address(held, "confirm"), answer, follow=True)
    assert messages_of(response) == [
        "By now another number of patients would become inactive: 1. Nothing was changed."
    ]
    held.refresh_from_db()
    assert held.state == RosterState.HELD


def test_a_roster_is_cancelled_with_a_reason(support: Client, held: Roster, work: Work) -> None:
    assert "Reason" in text_of(support.get(address(held, "cancel")))
    support.post(address(held, "cancel"), {"reason": "ticket 12: the wrong list"})
    work()
    held.refresh_from_db()
    assert held.state == RosterState.CANCELLED
    assert Association.objects.filter(dissociated_at=None).count() == 2
    assert AuditEntry.objects.get(action="roster.cancel").reason == "ticket 12: the wrong list"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_without_a_reason_a_roster_stays_held(support: Client, held: Roster, reason: str) -> None:
    for name in ("confirm", "cancel"):
        assert support.post(address(held, name), {"reason": reason}).status_code == 200
    held.refresh_from_db()
    assert held.state == RosterState.HELD


def test_who_comes_second_is_told_that_nothing_was_changed(support: Client, held: Roster) -> None:
    support.post(address(held, "cancel"), {"reason": "ticket 12"})
    response = support.post(address(held, "confirm"), {"reason": "ticket 13"}, follow=True)
    assert messages_of(response) == ["The roster is cancelled; nothing was changed."]
    held.refresh_from_db()
    assert held.state == RosterState.CANCELLED


@pytest.mark.parametrize("name", ["confirm", "cancel", "drifting", "live", "change"])
def test_only_who_may_sees_and_steers_a_roster(held: Roster, name: str) -> None:
    engineer = logged_in("On-call engineer")
    assert engineer.get(address(held, name)).status_code == 403
    assert engineer.post(address(held, name), {"reason": "ticket 12"}).status_code == 403
    assert Client().get(address(held, name)).status_code == 302
    held.refresh_from_db()
    assert held.state == RosterState.HELD


def test_buttons_are_shown_in_the_states_in_which_they_do_something(
    support: Client, held: Roster, work: Work
) -> None:
    live = text_of(support.get(address(held, "live")))
    assert address(held, "confirm") in live
    assert address(held, "cancel") in live
    assert "data-moving" not in live
    support.post(address(held, "confirm"), {"reason": "ticket 12", "extra": "1"})
    moving = text_of(support.get(address(held, "live")))
    assert address(held, "confirm") not in moving
    assert "data-moving" in moving
    work()
    over = text_of(support.get(address(held, "live")))
    assert address(held, "cancel") not in over


def test_a_page_tells_when_the_job_behind_it_has_failed(support: Client, copd: Submitter) -> None:
    roster = roster_of(copd, {"p": SINCE})
    Job.objects.filter(pk=roster.job_id).update(state="dead", finished_at=timezone.now())
    assert "run that again when the cause is gone" in text_of(support.get(address(roster, "live")))


def test_who_drifts_is_compared_when_asked_and_leads_to_the_patients(
    support: Client, drifting: Roster
) -> None:
    text = text_of(support.get(address(drifting, "drifting")))
    for external_id in ("p-1", "p-2"):
        patient = Patient.objects.get(external_id=external_id)
        assert reverse("admin:patients_patient_change", args=[patient.pk]) in text
    assert ">p-0<" not in text


def test_an_older_list_tells_nobody_who_drifts(support: Client, drifting: Roster, work: Work) -> None:
    roster_of(drifting.submitter, {f"p-{count}": SINCE for count in range(3)}, NOON + timedelta(hours=1))
    work()
    assert "A newer list was applied since" in text_of(support.get(address(drifting, "drifting")))


def test_rosters_are_filtered_by_state_drift_submitter_and_dry_run(
    support: Client, held: Roster, work: Work
) -> None:
    other = factories.submitter()
    tried = roster_of(other, {"p": SINCE}, dry_run=True)
    applied = roster_of(other, {"p": SINCE})
    work()
    assert listed(support, LIST, state="held") == [str(held)]
    assert listed(support, LIST, drift="last") == [str(applied)]
    assert listed(support, LIST, drift="drifting") == []
    assert listed(support, LIST, dry_run__exact="1") == [str(tried)]
    found = listed(support, LIST, submitter__id__exact=str(other.pk))
    assert found == [str(applied), str(tried)]
    assert listed(support, LIST, organisation__id__exact=str(other.organisation_id)) == found


def test_a_roster_that_is_not_there_leads_to_the_front_page(support: Client, copd: Submitter) -> None:
    for key in (copd.pk, "nonsense"):
        for name in ("confirm", "cancel", "drifting", "change"):
            response = support.get(reverse(f"admin:patients_roster_{name}", args=[key]))
            assert response.headers["Location"] == reverse("admin:index")
        assert support.get(reverse("admin:patients_roster_live", args=[key])).status_code == 404
