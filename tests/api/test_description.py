"""The description of the API: it is the stored one, its examples are true, and every endpoint is in it.

That every answer is as described is checked by `DescribedClient` in all tests of this package.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client
from drf_spectacular.renderers import OpenApiYamlRenderer

from clinical_engine.api.schema import OnceDescribed
from clinical_engine.api.scopes import SCOPES
from tests.api.contract import complaints, description, operations

OPERATIONS = list(operations())


def test_the_stored_description_is_what_the_code_serves() -> None:
    stored = Path(settings.BASE_DIR, "docs", "openapi.yaml").read_text()
    renderer: Any = OpenApiYamlRenderer()
    assert stored == renderer.render(description()).decode(), "run `make openapi` and read its diff"


def test_all_who_ask_for_it_at_once_when_a_process_begins_are_given_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(OnceDescribed, "_document", None)
    generator: Any = OnceDescribed
    with ThreadPoolExecutor(8) as threads:
        served = list(threads.map(lambda _: generator().get_schema(public=True), range(8)))
    assert served == [description()] * 8


@pytest.mark.django_db
def test_anybody_may_read_the_description_and_its_page_without_a_network(client: Client) -> None:
    served = client.get("/api/v1/openapi.json", headers={"Accept": "application/json"})
    assert yaml.safe_load(served.content)["paths"].keys() == description()["paths"].keys()
    page = client.get("/api/v1/docs/").content.decode()
    assert "https://" not in page
    assert "http://" not in page


@pytest.mark.parametrize(
    ("path", "operation"), [(path, operation) for _, path, operation in OPERATIONS], ids=str
)
def test_every_operation_names_its_scope_and_the_problems_any_answer_can_be(
    path: str, operation: dict[str, Any]
) -> None:
    assert sum(f"Scope: `{scope}`" in operation["description"] for scope in SCOPES) == 1
    expected = {"401", "403", "503"} | ({"400", "413", "415", "422"} if "requestBody" in operation else set())
    assert expected <= operation["responses"].keys()
    for status, answer in operation["responses"].items():
        [media_type] = answer["content"]
        assert media_type == ("application/json" if status < "400" else "application/problem+json")
        assert answer["description"]


def examples() -> list[tuple[str, dict[str, Any], Any]]:
    """(name, schema, value) of every example of a body that the description gives."""
    bodies = [
        body
        for _, _, operation in OPERATIONS
        for place in (operation.get("requestBody"), *operation["responses"].values())
        if place
        for body in place["content"].values()
    ]
    return [
        (name, body["schema"], example["value"])
        for body in bodies
        for name, example in body.get("examples", {}).items()
    ]


def test_every_example_is_what_its_schema_says() -> None:
    assert len(examples()) >= 8
    for name, schema, value in examples():
        assert not complaints(schema, value), name


def test_every_operation_with_a_body_has_an_example_of_it() -> None:
    for method, path, operation in OPERATIONS:
        for media_type, body in operation.get("requestBody", {"content": {}})["content"].items():
            assert body["examples"], f"{method} {path} {media_type}"
