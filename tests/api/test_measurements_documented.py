"""docs/api.md: its examples work as they stand there, and it names every reason for which a reading is refused."""

import json
import re
from pathlib import Path
from string import Template

import pytest
from django.test import Client

from observations.models import Measurement
from patients.models import PatientFact
from tests import factories
from tests.api.bodies import outcomes, post
from tests.api.contract import DescribedClient
from tests.factories import Caller

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/api.md").read_text(encoding="utf-8")
CHECKED = [
    "observations/intake",
    "observations/api",
    "patients/services/facts/checking.py",
    "patients/validation.py",
    "clinical_engine/api/decoding.py",
]


def examples() -> list[tuple[str, str]]:
    """(path, body) of every request of the page that sends something."""
    calls = re.findall(
        r'^curl [^\n]*"\$API/([^"]*)"(?:[^\n]*\\\n)?[^\n]*? -d \'(\{.*?\})\'$', PAGE, re.MULTILINE | re.DOTALL
    )
    # As the shell joins them: '...'$NAME'...'
    return [(path, re.sub(r"'(\$[A-Z_]+)'", r"\1", body)) for path, body in calls]


def sources() -> str:
    files = [
        file
        for name in CHECKED
        for file in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))
    ]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def test_every_example_of_the_page_is_accepted_as_it_stands_there(
    api: DescribedClient, caller: Caller
) -> None:
    values = {
        "SUBMITTER": str(caller.submitter.id),
        "ANOTHER_SUBMITTER": str(factories.submitter(caller.organisation).id),
        "ORGANISATION": str(caller.organisation.id),
    }
    sent = examples()
    assert len(sent) >= 8
    for path, body in sent:
        if re.fullmatch(r"\w+/[\da-f-]{36}/entered-in-error", path):
            latest = (PatientFact if path.startswith("facts") else Measurement).objects.latest("id")
            path = f"{path.split('/')[0]}/{latest.id}/entered-in-error"  # noqa: PLW2901
        answer = post(api, path, json.loads(Template(body).substitute(values)))
        assert answer.status_code == (200 if path == "patients/lookup" else 202), (path, answer.content)
        if path == "measurements":
            assert set(outcomes(answer)) <= {"accepted", "held"}


@pytest.mark.parametrize(
    ("method", "media_type", "headers", "status"),
    [
        ("PUT", "application/json", {}, 405),
        ("POST", "application/json", {"Accept": "text/html"}, 406),
        ("POST", "application/json", {"Transfer-Encoding": "chunked", "Content-Length": ""}, 411),
        ("POST", "text/csv", {}, 415),
    ],
)
def test_the_answers_to_a_request_of_another_form_are_explained(
    caller: Caller, method: str, media_type: str, headers: dict[str, str], status: int
) -> None:
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})
    answer = client.generic(method, "/api/v1/measurements", b"{}", content_type=media_type, headers=headers)
    assert answer.status_code == status
    problem = answer.json()["type"].rsplit(":", 1)[-1]
    assert re.search(rf"^\| {status} \| `{problem}` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("code", sorted(set(re.findall(r'Refusal\(\s*f?"[^"]*",\s*"(\w+)"', sources()))))
def test_every_reason_for_a_refusal_is_explained(code: str) -> None:
    table = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert any(f"`{code}`" in line.split("|")[1] for line in table)
