"""The test cases of a draft, run as they are stored and as they are typed."""

from typing import Any

import pytest
from django.test import Client

from clinical_engine.audit.models import AuditEntry
from observations.admin.workbench import trying
from observations.admin.workbench.forms import DraftForms
from observations.models import ScriptVersion
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import text_of
from tests.admin.scripts.support import address
from tests.admin.workbench.drafts import CASES, SOURCE, draft, page_of
from tests.admin.workbench.typed import row, sent_of


@pytest.fixture
def author(db: None) -> Client:
    return logged_in("Script author")


@pytest.fixture
def version(db: None) -> ScriptVersion:
    return draft()


def tried(client: Client, version: ScriptVersion, /, **changed: str) -> Any:
    """What the page is told of the cases, as they stand but for what is changed."""
    sent = {**sent_of(DraftForms(version)), **changed}
    answer = client.post(address("try", version), sent, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return answer.json()


def test_the_page_shows_at_each_row_what_its_case_gives(author: Client, version: ScriptVersion) -> None:
    response = author.get(page_of(version))
    assert "All 2 test cases pass." in text_of(response)
    outcomes = [form.outcome for form in response.context["draft"].cases.forms[: len(CASES)]]
    assert [(one.word, one.text) for one in outcomes] == [
        ("Passes", "ratio 0.5, risk low"),
        ("Passes", "not computable: no value for pulse"),
    ]
    assert '<span class="ce-badge ce-badge-good">Passes</span>' in response.content.decode()


def test_what_is_typed_is_tried_and_not_saved(author: Client, version: ScriptVersion) -> None:
    answer = tried(author, version, source=SOURCE.replace("ratio = pulse", "ratio = 2 * pulse"))
    assert (answer["sentence"], answer["is_green"]) == ("1 of 2 test cases fail.", False)
    failing = {"row": 0, "word": "Fails", "tone": "bad", "text": "It gives ratio 1.0, not 0.5."}
    assert answer["outcomes"][0] == failing
    version.refresh_from_db()
    assert version.source == SOURCE
    assert not AuditEntry.objects.filter(action="script.edit").exists()


def test_without_javascript_the_page_comes_back_with_what_was_typed(
    author: Client, version: ScriptVersion
) -> None:
    sent = sent_of(DraftForms(version)) | {"source": SOURCE.replace("0.9", "0.1")}
    response = author.post(address("try", version), sent)
    assert "1 of 2 test cases fail." in text_of(response)
    assert "It gives risk high, not low." in text_of(response)
    assert "ratio &gt; 0.1" in response.content.decode()


def test_a_case_that_expects_nothing_yet_is_told_what_it_gives(
    author: Client, version: ScriptVersion
) -> None:
    new = row("test_cases", 2, {"inputs": 'pulse = 120\nbp = {"systolic": 100}'})
    last = tried(author, version, **new)["outcomes"][-1]
    assert (last["row"], last["word"]) == (2, "Not judged")
    assert last["text"] == "Say what it expects. It gives: ratio 1.2, risk high"


def test_a_case_of_which_nothing_can_be_read_is_not_run_and_the_others_are(
    author: Client, version: ScriptVersion
) -> None:
    answer = tried(author, version, **{"test_cases-0-inputs": "pulse = sixty"})
    assert [one["word"] for one in answer["outcomes"]] == ["Not run", "Passes"]
    assert "pulse: Write a number" in answer["outcomes"][0]["text"]
    assert answer["sentence"] == "0 of 2 test cases fail; 1 could not be judged."


def test_a_removed_row_keeps_the_others_at_their_places(author: Client, version: ScriptVersion) -> None:
    answer = tried(author, version, **{"test_cases-0-DELETE": "on"})
    assert [(one["row"], one["word"]) for one in answer["outcomes"]] == [(1, "Passes")]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"source": "result = "}, "Not run: line 1"),
        ({"inputs-0-code": ""}, "Not run: something above the test cases is wrong."),
    ],
)
def test_a_draft_that_cannot_be_run_says_why(
    author: Client, version: ScriptVersion, changed: dict[str, str], sentence: str
) -> None:
    answer = tried(author, version, **changed)
    assert answer["sentence"].startswith(sentence)
    assert answer["outcomes"] == []


def test_all_cases_together_have_one_time_limit(
    author: Client, version: ScriptVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "MAX_SECONDS", -1.0)
    answer = tried(author, version)
    assert {one["word"] for one in answer["outcomes"]} == {"Not run"}
    assert answer["sentence"] == "0 of 2 test cases fail; 2 could not be judged."


def test_only_who_may_edit_tries(support: Client, version: ScriptVersion) -> None:
    assert support.post(address("try", version), {}).status_code == 403
