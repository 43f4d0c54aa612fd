"""The check of a source while it is typed."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from observations.models import ScriptVersion
from tests.admin.conftest import logged_in

SOURCE = 'ratio = pulse / bp.systolic  # spo2\nresult = {"risk": "temp", "ratio": ratio}'


@pytest.fixture
def author(db: None) -> Client:
    return logged_in("Administrator")


def check(client: Client, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(
        reverse("admin:observations_scriptversion_check"), text, content_type="application/json"
    )


def test_a_source_that_is_a_script_has_no_problem(author: Client) -> None:
    answer = check(author, {"source": SOURCE, "inputs": ["pulse", "bp"]})
    assert answer.json() == {"problems": [], "unread": []}


def test_inputs_that_are_named_only_in_texts_remarks_and_fields_are_unread(author: Client) -> None:
    names = ["systolic", "pulse", "spo2", "temp", "risk", "bp"]
    assert check(author, {"source": SOURCE, "inputs": names}).json()["unread"] == [
        "systolic",
        "spo2",
        "temp",
        "risk",
    ]


def test_each_problem_has_its_line_and_column(author: Client) -> None:
    answer = check(author, {"source": "a = 1\nresult = a + b\n", "inputs": []}).json()
    [problem] = answer["problems"]
    assert (problem["line"], problem["column"]) == (2, 14)
    assert "b" in problem["message"]


def test_a_problem_without_a_place_is_told_too(author: Client) -> None:
    [problem] = check(author, {"source": "", "inputs": ["result"]}).json()["problems"]
    assert (problem["line"], problem["column"]) == (0, 0)


def test_an_input_that_is_declared_twice_is_taken_once(author: Client) -> None:
    assert check(author, {"source": "result = a", "inputs": ["a", "a"]}).json()["problems"] == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[" * 10_000,
        '{"source": "result = 1"}',
        {"source": 1, "inputs": []},
        {"source": "result = 1", "inputs": "pulse"},
        {"source": "result = 1", "inputs": [{"a": 1}]},
    ],
)
def test_what_is_no_question_is_refused(author: Client, body: Any) -> None:
    assert check(author, body).status_code == 400


def test_more_than_a_megabyte_is_refused(author: Client) -> None:
    assert check(author, {"source": "#" * 1_000_000, "inputs": []}).status_code == 413
    assert check(author, {"source": "#" * 900_000, "inputs": []}).json()["problems"]


def test_only_who_may_change_versions_may_ask(support: Client) -> None:
    assert check(support, {"source": SOURCE, "inputs": []}).status_code == 403
    assert check(Client(), {"source": SOURCE, "inputs": []}).status_code == 302


def test_asking_needs_the_token_of_the_page(author: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = author.cookies
    assert check(strict, {"source": SOURCE, "inputs": []}).status_code == 403
    assert author.get(reverse("admin:observations_scriptversion_check")).status_code == 405


def test_nothing_is_stored(author: Client) -> None:
    check(author, {"source": SOURCE, "inputs": ["pulse", "bp"]})
    assert not ScriptVersion.objects.exists()


def test_what_can_never_work_with_what_the_rows_declare_is_a_problem(author: Client) -> None:
    usual = {"what": "measurement", "how": "latest", "take": "", "fields_read": "", "missing": ""}
    rows: dict[str, Any] = {
        "pulse": {**usual, "code": "8867-4"},
        "avpu": {**usual, "code": "80288-4"},
        "sex": {"what": "fact", "fact": "sex"},
        "bp": {**usual, "code": "85354-9", "fields_read": "systolic = 8480-6"},
        "other": {"what": "script"},
        "half": "typed",
    }
    source = "a = pulse + avpu\nb = sex + 1\nc = bp + 1\nd = other + half\nresult = pulse + 1"
    answer = check(author, {"source": source, "inputs": [*rows], "declared": rows}).json()
    assert [(one["line"], one["message"]) for one in answer["problems"]] == [
        (1, "+ needs a number, not text"),
        (2, "+ needs a number, not text"),
        (3, "+ needs a number, not a record"),
    ]
    rows["avpu"]["missing"] = rows["avpu"]["what"] = "default"
    assert len(check(author, {"source": source, "inputs": [*rows], "declared": rows}).json()["problems"]) == 2
    assert check(author, {"source": "result = 1", "inputs": [], "declared": ["no rows"]}).status_code == 200
