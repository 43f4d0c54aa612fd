"""The page of a script: what is in force for whom, the time line, versions, failures, and jobs that died of it."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import JobState
from observations.models import ScriptFailure, ScriptVersion
from observations.scripts.publishing import pin, withdraw
from patients.models import Patient
from tests import factories
from tests.admin import world
from tests.admin.scripts.support import SCRIPT, address, drafted, in_force, proposed, pulse
from tests.admin.test_pages import shown
from tests.factories import NOON, days
from tests.observations.facts import record, state
from tests.observations.scripts.writing import PULSE, publish

pytestmark = pytest.mark.django_db


def panel(page: str, title: str) -> str:
    """The text of a panel, without its tags."""
    [part] = re.findall(rf'<section class="ce-panel" aria-label="{title}">(.*?)</section>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def page_of(client: Client, version: ScriptVersion) -> str:
    return shown(client, SCRIPT, version.script_id)


def test_it_says_what_is_in_force_for_all_and_for_each_pinned_organisation(support: Client) -> None:
    version, here = in_force(NOON - days(9), NOON), factories.organisation(name="North clinic")
    first = ScriptVersion.objects.get(number=1)
    pin(
        actor=factories.user(),
        version=first,
        organisation=here,
        effective_from=NOON - days(1),
        reason="a study",
    )
    text = panel(page_of(support, version), "In force")
    assert re.search(r"all organisations v2 10 Mar 2026, 12:00 UTC", text)
    assert re.search(r"North clinic v1 9 Mar 2026, 12:00 UTC .* user-\d+ a study", text)


def test_what_comes_into_force_later_and_what_was_withdrawn_is_said(support: Client) -> None:
    version = in_force(NOON, NOON + days(3_000))
    assert "v2 27 May 2034, 12:00 UTC (to come)" in panel(page_of(support, version), "In force")
    withdraw(actor=factories.user(), script=version.script, effective_from=NOON, reason="no longer used")
    text = panel(page_of(support, version), "In force")
    assert "none: withdrawn" in text
    assert "no longer used" in text


def test_the_time_line_has_a_bar_for_what_was_in_force_and_a_mark_for_each_publication(
    support: Client,
) -> None:
    version, here = in_force(NOON - days(9), NOON - days(3)), factories.organisation(name="North clinic")
    actor = factories.user(username="rita")
    pin(actor=actor, version=version, organisation=here, effective_from=NOON, reason="a study")
    page = page_of(support, version)
    drawn = re.findall(r"<title>(v\d in force from [^.]*)\. ", page)
    assert drawn == [
        "v1 in force from 1 Mar 2026, 12:00 UTC until 7 Mar 2026, 12:00 UTC",
        "v2 in force from 7 Mar 2026, 12:00 UTC on",
        "v2 in force from 10 Mar 2026, 12:00 UTC on",
    ]
    assert re.search(r"<title>Pinned: v2 .* by rita, from 10 Mar 2026, 12:00 UTC on: a study</title>", page)
    assert page.count("ce-mark-staff") == 3 + 1, "one for each publication, and the legend"


def test_versions_are_listed_with_their_state_since_when_and_by_whom(support: Client) -> None:
    in_force(NOON)
    ann = factories.user(username="ann")
    drafted(ann)
    version = proposed(factories.user(username="ben"))
    ScriptVersion.objects.filter(number=1).update(suspended_at=NOON)
    text = panel(page_of(support, version), "Versions")
    assert re.search(r"v3 Proposed .* ben .*v2 Draft .* ann .*v1 Suspended", text)


FAILS = "result = 1 / (pulse - 60)"


def fail_for(*names: str, work: Callable[[], int]) -> ScriptVersion:
    """A version that fails for patients whose pulse is 60, and the jobs that died of it."""
    version = publish("pulse", pulse(FAILS))
    submitter = factories.submitter()
    for name in names:
        state(submitter, -40, name, external_id=name)
        record(submitter, factories.reading(name, 60, code=PULSE, unit="/min"))
    work()
    return version


def test_it_lists_for_whom_it_fails_with_message_and_links(support: Client, work: Callable[[], int]) -> None:
    version = fail_for("a", "b", work=work)
    page = page_of(support, version)
    assert re.search(r"v1 line 1, column \d+: .* 2 10 Mar 2026, 12:00 UTC", panel(page, "Fails now"))
    for patient in Patient.objects.all():
        assert reverse("admin:patients_patient_change", args=[patient.pk]) in page


def test_who_may_not_see_patients_is_shown_how_many_and_not_whom(work: Callable[[], int]) -> None:
    version = fail_for("patient-a", work=work)
    client = Client()
    client.force_login(world.account("Script publisher"))
    page = page_of(client, version)
    assert "Fails now" in page
    assert "patient-a" not in page


def test_jobs_that_died_of_it_are_shown_and_run_again_and_then_are_dead_no_more(
    superuser: Client, work: Callable[[], int]
) -> None:
    version = fail_for("a", work=work)
    page = page_of(superuser, version)
    assert "PermanentError Script pulse v1" in panel(page, "Recompute jobs that died of it")
    [rerun] = set(re.findall(r'href="([^"]*/rerun/new/[^"]*)"', page))
    publish("pulse", pulse("result = pulse"))
    job = jobs.jobs().get(state=JobState.DEAD)
    record(
        factories.submitter(Patient.objects.get().organisation),
        factories.reading("a", 61, code=PULSE, unit="/min"),
    )
    form = {"reason": "mended", "rate": 50, "canary": 0, "failed_share": 100}
    response = superuser.post(rerun.replace("&amp;", "&"), form)
    assert response.status_code == 302
    work()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED
    assert panel(page_of(superuser, version), "Recompute jobs that died of it").startswith(
        "Recompute jobs that died of it None."
    )


def test_a_dead_jobs_page_says_whether_the_patient_was_computed_since(
    support: Client, work: Callable[[], int]
) -> None:
    fail_for("a", work=work)
    job = jobs.jobs().get(state=JobState.DEAD)
    title = "Scripts that fail for the patient now"
    assert "line 1, column" in panel(shown(support, "admin:jobs_job_change", job.pk), title)
    ScriptFailure.objects.all().delete()
    assert "has been computed since" in panel(shown(support, "admin:jobs_job_change", job.pk), title)


def test_the_list_tells_what_is_in_force_and_what_is_wrong(support: Client, work: Callable[[], int]) -> None:
    version = fail_for("a", work=work)
    url = reverse("admin:observations_observationscript_changelist")
    assert "Fails for somebody</span>" in support.get(url, {"health": "failing"}).content.decode()
    assert "0 observation scripts" in support.get(url, {"health": "suspended"}).content.decode()
    ScriptVersion.objects.filter(pk=version.pk).update(suspended_at=NOON)
    assert "v1 suspended</span>" in support.get(url, {"health": "suspended"}).content.decode()


def test_a_script_without_versions_has_a_page(support: Client) -> None:
    version = drafted(factories.user())
    script = version.script
    version.delete()
    page = shown(support, SCRIPT, script.pk)
    assert "Nothing: no version was ever published." in page
    assert address("roll_back", script) not in page


def test_a_patients_page_says_which_scripts_compute_nothing_there_and_why(
    support: Client, work: Callable[[], int]
) -> None:
    version = fail_for("a", "b", work=work)
    title = "Scripts that compute nothing here"
    page = "admin:patients_patient_change"
    patient, other = Patient.objects.order_by("external_id")
    assert re.search(r"v1 line 1, column \d+: ", panel(shown(support, page, patient.pk), title))
    ScriptFailure.objects.all().delete()
    assert title not in shown(support, page, patient.pk)
    ScriptVersion.objects.filter(pk=version.pk).update(
        suspended_at=NOON, suspended_because="It failed for 20 patients in a row."
    )
    text = panel(shown(support, page, other.pk), title)
    assert "Suspended: computes nothing for anybody. It failed for 20 patients in a row." in text
