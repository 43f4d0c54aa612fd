"""Every answer of the API compared with what its OpenAPI description promises."""

from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker

from tests.factories import Caller


@cache
def description() -> dict[str, Any]:
    """The API's OpenAPI document, made from the code."""
    generator: Any = SchemaGenerator
    document: dict[str, Any] = generator().get_schema(request=None, public=True)
    return document


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path template, operation) of everything that is described."""
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def json_schema(of: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema: references point into `$defs`, and `nullable` becomes a type."""
    if isinstance(of, list):
        return [json_schema(item) for item in of]
    if not isinstance(of, dict):
        return of
    if "$ref" in of:
        return {"$ref": of["$ref"].replace("#/components/schemas/", "#/$defs/")}
    schema = {name: json_schema(value) for name, value in of.items() if name not in {"nullable", "example"}}
    # Every object is closed, so that a field that is answered but not described is found too.
    if "properties" in schema and "allOf" not in schema:
        schema.setdefault("additionalProperties", False)
    return {"anyOf": [schema, {"type": "null"}]} if of.get("nullable") else schema


@cache
def _definitions() -> Any:
    return json_schema(description()["components"]["schemas"])


def complaints(schema: dict[str, Any], document: object) -> list[str]:
    """What of the document is not as the schema says; empty when all is."""
    validator = Draft202012Validator(
        {**json_schema(schema), "$defs": _definitions()}, format_checker=FormatChecker()
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


class DescribedClient(Client):
    """A client that fails the test whose answer is not one of those that the description promises."""

    def __init__(self, **defaults: Any) -> None:
        super().__init__(**defaults)
        # Here, and not for the first answer: what makes it is not meant for several threads, and clients are used in such.
        description()

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        path = urlsplit(request["PATH_INFO"]).path
        if path.startswith("/api/v1/") and resolve(path).url_name not in {"schema", "docs"}:
            check_answer(request["REQUEST_METHOD"], path, response)
        return response


def client_of(caller: Caller) -> DescribedClient:
    """A client that sends the caller's key."""
    return DescribedClient(headers={"Authorization": f"Bearer {caller.key}"})


def check_answer(method: str, path: str, response: Any) -> None:
    """Fail unless the operation is described, and answers with this status, media type, headers and content."""
    # Django's own pattern with the names of its parameters is the description's path template.
    route = "/" + resolve(path).route.replace("<uuid:", "{").replace(">", "}")
    operation = description()["paths"][route][method.lower()]
    assert str(response.status_code) in operation["responses"], (
        f"{method} {route} answers {response.status_code}, which is not described: {response.content.decode()}"
    )
    described = operation["responses"][str(response.status_code)]
    [(media_type, content)] = described["content"].items()
    assert response.headers["Content-Type"] == media_type
    for name, header in described.get("headers", {}).items():
        assert not header.get("required") or name in response.headers, f"{name} is missing"
    assert not complaints(content["schema"], response.json())
