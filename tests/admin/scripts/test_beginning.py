"""Beginning a script, and drafting a version of one; what the front page and `manage.py scripts` say of scripts."""

import io
import json
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from clinical_engine.monitoring.probes import read_all
from observations.models import ObservationScript, ScriptFailure, ScriptVersion
from observations.scripts.publishing import pin, roll_back
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import messages_of, text_of
from tests.admin.scripts.support import SCRIPT, address, drafted, in_force, proposed
from tests.admin.test_pages import shown
from tests.factories import NOON, days

NEW = {"name": "shock-index", "title": "Shock index", "code": "shock-index"}


@pytest.fixture
def author(db: None) -> Client:
    return logged_in("Script author")


def begin(client: Client, **fields: object) -> object:
    return client.post(reverse("admin:observations_observationscript_new"), {**NEW, **fields})


def test_a_new_script_begins_with_a_draft_in_the_editor(author: Client) -> None:
    here = factories.organisation()
    response = begin(author, organisation=here.pk)
    version = ScriptVersion.objects.get()
    assert response.headers["Location"] == address("edit", version)  # type: ignore[attr-defined]
    assert (version.script.name, version.script.organisation, version.number) == ("shock-index", here, 1)
    assert author.get(address("edit", version)).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "pulse"), ("name", "Two words"), ("title", ""), ("code", "8867-4"), ("code", "8867")],
)
def test_a_name_that_is_taken_or_a_code_of_measurements_is_refused_at_its_field(
    author: Client, field: str, value: str
) -> None:
    in_force(NOON)
    response = begin(author, **{field: value})
    assert response.context["form"].errors[field]  # type: ignore[attr-defined]
    assert ObservationScript.objects.count() == 1


@pytest.mark.parametrize("code", ["2339-0", "8867-4", "8867", "Shock index"])
def test_a_code_of_loinc_is_refused_with_what_a_code_of_results_looks_like(author: Client, code: str) -> None:
    [message] = begin(author, code=code).context["form"].errors["code"]  # type: ignore[attr-defined]
    assert "Codes of measurements and of LOINC cannot be used" in message
    assert "small letters, digits and hyphens, a letter first" in message


def test_the_form_says_what_a_code_looks_like_before_one_is_typed(author: Client) -> None:
    text = text_of(author.get(reverse("admin:observations_observationscript_new")))
    assert "filed under: small letters, digits and hyphens, a letter first" in text
    assert "Codes of measurements and of LOINC cannot be used" in text


def test_the_list_leads_who_may_write_to_the_form(author: Client) -> None:
    page = author.get(reverse("admin:observations_observationscript_changelist"))
    assert reverse("admin:observations_observationscript_new") in page.content.decode()
    assert "New script" in text_of(page)


@pytest.mark.parametrize("role", ["Clinical support", "Script publisher"])
def test_who_may_not_write_begins_nothing(role: str, db: None) -> None:
    client = logged_in(role)
    assert begin(client).status_code == 403  # type: ignore[attr-defined]
    new = reverse("admin:observations_observationscript_new")
    assert new not in client.get(reverse("admin:observations_observationscript_changelist")).content.decode()


def test_a_new_draft_is_made_of_what_is_in_force_and_asked_for_first(author: Client) -> None:
    version = in_force(NOON)
    assert address("draft", version.script) in shown(author, SCRIPT, version.script_id)
    assert "begins as a copy" in text_of(author.get(address("draft", version.script)))
    assert ScriptVersion.objects.count() == 1
    response = author.post(address("draft", version.script))
    made = ScriptVersion.objects.get(number=2)
    assert response.headers["Location"] == address("edit", made)
    assert (made.source, made.published_at) == (version.source, None)


def test_a_page_that_was_sent_twice_makes_one_draft(author: Client) -> None:
    version = in_force(NOON)
    page = author.get(address("draft", version.script)).content.decode()
    assert '<input type="hidden" name="newest" value="1">' in page
    author.post(address("draft", version.script), {"newest": "1"})
    again = author.post(address("draft", version.script), {"newest": "1"})
    assert messages_of(again)[-1] == "v2 was drafted meanwhile: nothing was drafted beside it."
    assert ScriptVersion.objects.count() == 2


def readings() -> dict[str, tuple[float | None, bool]]:
    return {
        probe.name: (reading.value, reading.ok)
        for probe, reading in read_all().items()
        if probe.name.startswith("scripts_")
    }


def test_suspended_versions_raise_an_alarm_until_they_are_in_force_no_more(db: None) -> None:
    in_force(NOON - days(9), NOON)
    assert readings()["scripts_suspended"] == (0, True)
    ScriptVersion.objects.filter(number=2).update(suspended_at=NOON)
    assert readings()["scripts_suspended"] == (1, False)
    first = ScriptVersion.objects.get(number=1)
    roll_back(actor=factories.user(), to=first, effective_from=NOON + days(1), reason="wrong")
    assert readings()["scripts_suspended"] == (1, False), "it still is for a day"
    roll_back(actor=factories.user(), to=first, effective_from=NOON, reason="wrong")
    assert readings()["scripts_suspended"] == (0, True)


def test_a_suspended_version_that_only_one_organisation_is_pinned_to_raises_it_too(db: None) -> None:
    in_force(NOON - days(9), NOON)
    here, first = factories.organisation(), ScriptVersion.objects.get(number=1)
    roll_back(
        actor=factories.user(),
        to=ScriptVersion.objects.get(number=2),
        effective_from=NOON - days(9),
        reason="x",
    )
    ScriptVersion.objects.filter(number=1).update(suspended_at=NOON)
    assert readings()["scripts_suspended"] == (0, True)
    pin(actor=factories.user(), version=first, organisation=here, effective_from=NOON, reason="a study")
    assert readings()["scripts_suspended"] == (1, False)


def fail_for(number: int, version: ScriptVersion) -> None:
    here = factories.organisation()
    for _ in range(number):
        ScriptFailure.objects.create(
            version=version, patient=factories.patient(here), organisation=here, message="line 1", as_of=NOON
        )


def test_patients_for_whom_scripts_fail_raise_an_alarm_and_are_counted_once(db: None) -> None:
    version = in_force(NOON - days(9), NOON)
    fail_for(2, version)
    failure = ScriptFailure.objects.earliest("pk")
    ScriptFailure.objects.create(
        version=ScriptVersion.objects.get(number=1),
        patient=failure.patient,
        organisation=failure.organisation,
        message="line 2",
        as_of=NOON,
    )
    assert readings()["scripts_failing"] == (2, False)


def test_proposals_are_counted_without_an_alarm_and_lead_publishers_to_them(author: Client) -> None:
    proposed(factories.user())
    assert readings()["scripts_proposed_waiting"] == (1, True)
    url = reverse("admin:observations_scriptversion_changelist") + "?state=proposed"
    assert f'href="{url}"' in logged_in("Script publisher").get(reverse("admin:index")).content.decode()
    assert f'href="{url}"' not in author.get(reverse("admin:index")).content.decode()


def listed(*arguments: str) -> str:
    output = io.StringIO()
    call_command("scripts", *arguments, stdout=output)
    return output.getvalue()


def test_the_shell_lists_scripts_with_what_is_in_force_and_what_is_wrong(
    db: None, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    version = in_force(NOON - days(9), NOON)
    drafted(factories.user())
    proposed(factories.user())
    fail_for(2, version)
    ScriptVersion.objects.filter(number=2).update(suspended_at=NOON)
    pin(
        actor=factories.user(),
        version=ScriptVersion.objects.get(number=1),
        organisation=factories.organisation(name="North clinic"),
        effective_from=NOON,
        reason="a study",
    )
    [script] = json.loads(listed("--json"))
    assert script == {
        "name": "pulse",
        "title": "Pulse",
        "organisation": None,
        "in_force": 2,
        "in_force_from": NOON.isoformat(),
        "pinned": {"North clinic": 1},
        "drafts": [3],
        "proposed": [4],
        "suspended": [2],
        "failing_patients": 2,
        "outdated_since": None,
        "outdated_results": 0,
    }
    text = listed()
    assert "pulse: v2 in force from 2026-03-10T12:00:00+00:00" in text
    for words in (
        "North clinic stays on v1",
        "v3 is a draft",
        "v4 waits for a second person",
        "v2 is suspended",
        "fails for 2 patients",
    ):
        assert words in text
