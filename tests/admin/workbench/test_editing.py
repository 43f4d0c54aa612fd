"""Editing a draft without JavaScript: what is shown, saved and refused."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from observations.admin.workbench.forms import DraftForms
from observations.models import ScriptVersion
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import text_of
from tests.admin.workbench.drafts import CASES, INPUTS, OUTPUTS, SOURCE, draft, page_of
from tests.admin.workbench.typed import row, rows_of, sent_of


@pytest.fixture
def author(db: None) -> Client:
    return logged_in("Administrator")


@pytest.fixture
def version(db: None) -> ScriptVersion:
    return draft()


def save(client: Client, version: ScriptVersion, /, **changed: str) -> Any:
    """Send the page as it is shown, but for what is changed."""
    sent = sent_of(DraftForms(ScriptVersion.objects.get(pk=version.pk)))
    return client.post(page_of(version), {**sent, **changed}, follow=True)


def test_the_page_shows_what_the_draft_says(author: Client, version: ScriptVersion) -> None:
    text = author.get(page_of(version)).content.decode()
    assert "risk = &quot;high&quot;" in text
    assert 'value="85354-9"' in text
    assert "systolic = 8480-6" in text
    assert '<option value="8867-4">Heart rate</option>' in text


def test_the_page_has_no_script_of_its_own(author: Client, version: ScriptVersion) -> None:
    text = author.get(page_of(version)).content.decode()
    ours = text[text.index('class="ce-draft"') : text.index("</form>", text.index('class="ce-draft"'))]
    assert ours.count("<script") == ours.count('type="application/json"') == 2
    assert not any(word in ours for word in (" onclick", " x-data", " style=", "javascript:"))


def test_what_is_typed_is_saved(author: Client, version: ScriptVersion) -> None:
    source = SOURCE.replace("0.9", "1.0")
    response = save(author, version, source=source.replace("\n", "\r\n"), note="ticket 7: the limit")
    assert "Saved." in text_of(response)
    saved = ScriptVersion.objects.get(pk=version.pk)
    assert (saved.source, saved.note) == (source, "ticket 7: the limit")
    assert (saved.inputs, saved.outputs, saved.test_cases) == (INPUTS, OUTPUTS, CASES)
    assert AuditEntry.objects.get(action="script.edit").target_id == str(version.pk)


def test_saving_a_draft_as_it_stands_says_so(author: Client, version: ScriptVersion) -> None:
    assert "nothing was changed" in text_of(save(author, version))
    assert not AuditEntry.objects.filter(action="script.edit").exists()


def test_the_empty_row_at_the_end_becomes_an_input(author: Client, version: ScriptVersion) -> None:
    new = {"name": "age", "what": "fact", "fact": "age"}
    source = SOURCE.replace("ratio =", "years = age\nratio =")
    response = save(author, version, source=source, **row("inputs", len(INPUTS), new))
    assert "Saved." in text_of(response)
    assert ScriptVersion.objects.get(pk=version.pk).inputs == {**INPUTS, "age": {"fact": "age"}}


def test_a_problem_of_the_source_is_shown_and_what_was_typed_is_kept(
    author: Client, version: ScriptVersion
) -> None:
    response = save(author, version, source=f"{SOURCE}x = y\n")
    assert "line 8, column 5" in text_of(response)
    assert "x = y" in response.content.decode()
    assert ScriptVersion.objects.get(pk=version.pk).source == SOURCE


def test_a_draft_that_is_refused_says_above_the_form_that_it_was_not_saved_and_leads_to_what_is_wrong(
    author: Client, version: ScriptVersion
) -> None:
    assert "Not saved" not in text_of(author.get(page_of(version)))
    cases = [
        ({"source": f"{SOURCE}x = y\n"}, [("at-source", "Script: line 8, column 5: ")]),
        (
            {"outputs-0-name": "9", "test_cases-0-inputs": "pulse = sixty"},
            [("at-outputs-0", "output 9: Name: "), ("at-test_cases-0", "test case calm: Inputs: ")],
        ),
    ]
    for changed, expected in cases:
        response = save(author, version, **changed)
        things = "1 thing" if len(expected) == 1 else f"{len(expected)} things"
        assert f"Not saved: {things} to mend." in text_of(response)
        for (anchor, words), (place, beginning) in zip(links_of(response), expected, strict=True):
            assert (anchor, words[: len(beginning)]) == (place, beginning)
            assert f'id="{place}"' in response.content.decode()


def test_a_row_that_was_removed_is_nothing_to_mend(author: Client, version: ScriptVersion) -> None:
    removed = {"outputs-0-name": "9", "outputs-0-DELETE": "on"}
    response = save(author, version, **removed, **{"test_cases-0-inputs": "pulse = sixty"})
    assert [anchor for anchor, _ in links_of(response)] == ["at-test_cases-0"]


def test_of_many_things_to_mend_the_first_are_named(author: Client, version: ScriptVersion) -> None:
    cases = rows_of("test_cases", *[{"name": f"c{number}", "inputs": "?"} for number in range(12)])
    response = save(author, version, **cases)
    assert len(links_of(response)) == 8
    assert "Not saved: 22 things to mend." in text_of(response)
    assert "and 14 more below" in text_of(response)


def links_of(response: Any) -> list[tuple[str, str]]:
    """Where the links above the form lead, and what they say."""
    return re.findall(r'<a href="#(at-[^"]+)">([^<]*)</a>', response.content.decode())


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("inputs-{pulse}-code", "1-1", "The catalogue has no such code of measurements."),
        ("inputs-{pulse}-unit", "kg", "kg is no unit of 8867-4"),
        ("inputs-{pulse}-window_seconds_0", "", "More than 0 and at most 3660 days."),
        ("inputs-{bp}-fields_read", "systolic = 8867-4", "85354-9 has no part 8867-4."),
        ("outputs-{ratio}-code", "", "What it is filed under."),
        ("test_cases-0-inputs", "weight = 80", "There is no input weight."),
    ],
)
def test_what_is_refused_stands_at_its_row(
    author: Client, version: ScriptVersion, field: str, typed: str, message: str
) -> None:
    stored = ScriptVersion.objects.get(pk=version.pk)
    places = {name: number for names in (stored.inputs, stored.outputs) for number, name in enumerate(names)}
    response = save(author, version, **{field.format(**places): typed})
    prefix, number, name = field.format(**places).split("-")
    draft = response.context["draft"]
    rows = {rows.PATH: rows for rows in draft.rows}[prefix]
    assert message in str(rows.forms[int(number)].errors[name.removesuffix("_0")])
    assert message in response.content.decode().replace("&#x27;", "'")


def test_a_draft_that_was_changed_meanwhile_is_not_overwritten(
    author: Client, version: ScriptVersion
) -> None:
    seen = sent_of(DraftForms(version))
    save(author, version, note="first")
    response = author.post(page_of(version), {**seen, "note": "second"})
    assert "changed meanwhile" in text_of(response)
    assert ScriptVersion.objects.get(pk=version.pk).note == "first"


def test_a_mark_that_no_page_sent_is_refused(author: Client, version: ScriptVersion) -> None:
    assert "Open the draft again" in text_of(save(author, version, seen="yesterday", note="new"))


def test_a_published_version_is_not_edited(author: Client, version: ScriptVersion) -> None:
    ScriptVersion.objects.filter(pk=version.pk).update(published_at=timezone.now())
    response = author.get(page_of(version), follow=True)
    assert "It is published" in text_of(response)
    assert page_of(version) not in response.content.decode()


def test_the_button_is_shown_to_who_may_edit(author: Client, support: Client, version: ScriptVersion) -> None:
    page = reverse("admin:observations_scriptversion_change", args=[version.pk])
    assert page_of(version) in author.get(page).content.decode()
    assert page_of(version) not in support.get(page).content.decode()
    assert support.get(page_of(version)).status_code == 403
    assert support.post(page_of(version), {}).status_code == 403
