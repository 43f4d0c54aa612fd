"""From an author's first mistake to a new result on a patient's page, in a browser, by two people."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from clinical_engine.audit.models import AuditEntry
from observations.models import Backfill, ScriptVersion
from patients.models import Patient
from tests import factories
from tests.admin import world
from tests.admin.scripts.support import address, pulse
from tests.admin.scripts.test_hotfix import at_the_desk, elsewhere, picture, values
from tests.factories import NOON, days
from tests.observations.facts import record, state
from tests.observations.scripts.writing import PULSE, SINCE_EVER, publish

pytestmark = pytest.mark.usefixtures("committed_db")
Work = Callable[[], int]
PATIENT = "north-7"


@pytest.fixture
def wrong(work: Work) -> ScriptVersion:
    """A script that doubles the pulse, in force since ever, with two results of a patient."""
    version = publish("pulse", pulse("result = pulse * 2"), SINCE_EVER)
    submitter = factories.submitter()
    state(submitter, -40, "first", external_id=PATIENT)
    for day, value in ((-1, 60), (0, 80)):
        record(submitter, factories.reading(PATIENT, value, NOON + days(day), code=PULSE, unit="/min"))
    work()
    assert values() == [120.0, 160.0]
    return version


def test_a_draft_is_written_tried_compared_proposed_published_and_its_results_stand(
    wrong: ScriptVersion, work: Work
) -> None:
    ann, ben = world.account("Administrator", "ann"), world.account("Administrator", "ben")
    patient = reverse("admin:patients_patient_change", args=[Patient.objects.get().pk])
    with at_the_desk(ann, ben) as [author, second]:
        begin_a_draft(author, wrong)
        mistype_and_mend(author)
        try_on_the_patient(author)
        take_a_case_from_the_patient(author)
        mend_the_script(author)
        compare(author, work)
        propose(author)
        publish_and_bring_in_line(second, work)
        see_the_new_result(second, patient)
    assert values() == [60.0, 80.0]
    comparison, backfill = Backfill.objects.order_by("pk")
    assert (comparison.results_changed, comparison.candidate and comparison.candidate.number) == (2, 2)
    assert (backfill.dry_run, backfill.results_changed) == (False, 2)
    tried = AuditEntry.objects.filter(action="script.rehearse").order_by("pk")
    assert [entry.target_type for entry in tried[:2]] == ["script_version", "patient"]
    assert {entry.actor_id for entry in tried} == {ann.pk}


def ready(page: Page) -> None:
    """Wait until the editor stands in the place of the plain field."""
    expect(page.locator(".ce-editor-status")).to_have_text("No problem in the text.")


def write(page: Page, source: str) -> None:
    page.get_by_role("textbox", name="Script", exact=True).press("Control+a")
    page.keyboard.insert_text(source)


def begin_a_draft(page: Page, version: ScriptVersion) -> None:
    page.goto(address("change", version))
    page.get_by_role("link", name="Draft a new version").click()
    page.get_by_role("button", name="Draft it").click()
    expect(page.get_by_text("v2 is drafted.")).to_be_visible()
    ready(page)


def mistype_and_mend(page: Page) -> None:
    write(page, "result = plus * 2")
    problems = page.get_by_role("list", name="Problems")
    expect(problems.get_by_role("button", name="line 1, column 10")).to_be_visible()
    write(page, "result = pulse * 2")
    ready(page)


def try_on_the_patient(page: Page) -> None:
    page.get_by_role("link", name="Try on a patient").click()
    page.get_by_label("Patient").fill(PATIENT)
    page.get_by_label("As of, from").fill("2026-03-01T12:00:00")
    page.get_by_label("As of, to").fill("2026-03-20T12:00:00")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("2 results: 0 not as they stand now")).to_be_visible()
    assert PATIENT not in page.url
    picture(page, "rehearsal")
    page.get_by_role("button", name="Why?").first.click()
    expect(page.get_by_role("heading", name="Step by step")).to_be_visible()
    expect(page.locator(".ce-why-run")).to_contain_text("result = 160")


def take_a_case_from_the_patient(page: Page) -> None:
    page.get_by_role("button", name="Make it a test case").first.click()
    ready(page)
    expect(page.get_by_label("pulse, given in case 2")).to_have_value("80.0")
    row = page.locator(".ce-cases [data-row]").nth(1)
    page.get_by_label("result, expected in case 2").fill("80")
    page.get_by_role("button", name="Run the test cases").press("Enter")
    expect(page.locator("[data-trial]")).to_have_text("1 of 2 test cases fail.")
    expect(row.locator("[data-outcome]")).to_have_text("Fails It gives result 160.0, not 80.")
    picture(page, "workbench")


def mend_the_script(page: Page) -> None:
    write(page, "result = pulse")
    expect(page.locator("[data-trial]")).to_have_text("Changed since the test cases were run.")
    page.get_by_role("button", name="Run the test cases").click()
    expect(page.locator("[data-trial]")).to_have_text("All 2 test cases pass.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("[data-trial]")).to_have_text("All 2 test cases pass.")


def compare(page: Page, work: Work) -> None:
    editor = page.url
    page.get_by_role("link", name="Back", exact=True).click()
    page.get_by_role("link", name="Propose").click()
    expect(page.get_by_text("This text was not compared")).to_be_visible()
    page.goto(editor)
    page.get_by_role("link", name="Compare").click()
    page.get_by_label("Days").fill("3660")
    page.get_by_role("button", name="Compare").click()
    elsewhere(work)
    expect(page.locator(".ce-live-head")).to_contain_text("Done")
    page.goto(editor)
    page.get_by_role("link", name="Back", exact=True).click()
    expect(page.get_by_text("2 of 2 results")).to_be_visible()
    picture(page, "comparisons")


def propose(page: Page) -> None:
    page.get_by_role("link", name="Propose").click()
    expect(page.get_by_text("This text was not compared")).to_have_count(0)
    page.get_by_label("In force from").fill("2026-03-01T12:00:00")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("Proposed. Somebody else publishes it now.")).to_be_visible()


def publish_and_bring_in_line(page: Page, work: Work) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name="Versions to be published").click()
    page.locator("#result_list").get_by_role("link", name="2", exact=True).click()
    page.get_by_role("link", name="Publish", exact=True).click()
    page.get_by_label("Reason").fill("ticket 12: looked at")
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("link", name="New backfill").click()
    page.get_by_label("Dry run").uncheck()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Started.")).to_be_visible()
    elsewhere(work)
    expect(page.locator(".ce-live-head")).to_contain_text("Done")


def see_the_new_result(page: Page, patient: str) -> None:
    page.goto(patient)
    results = page.locator(".ce-panel").filter(has=page.get_by_role("heading", name="Current observations"))
    expect(results).to_contain_text("result 80")
    expect(results).not_to_contain_text("160")
