"""What silk may keep of a request: the route without its arguments, no header, no body.

Silk itself would store headers, query strings and paths in plain text. What it may keep of statements is in recording.py.
"""

from django.db.models.sql.compiler import SQLCompiler
from django.urls import Resolver404, resolve
from silk import models
from silk.model_factory import RequestModelFactory, ResponseModelFactory

_NOTHING = "{}"


def install() -> None:
    """Put value-free recorders in the places where silk has its own, and keep its recorder of statements away."""
    # Silk's middleware leaves a compiler alone that already has this attribute: with it silk would store SQL with its values,
    # and run EXPLAIN on the request's own connection, which hides the real error inside a transaction.
    SQLCompiler._execute_sql = SQLCompiler.execute_sql  # type: ignore[attr-defined]  # noqa: SLF001
    RequestModelFactory.construct_request_model = _request_without_values
    ResponseModelFactory.construct_response_model = _response_without_values


def _request_without_values(factory: RequestModelFactory) -> models.Request:
    request = factory.request
    return models.Request.objects.create(
        path=_route(request.path_info),
        method=request.method,
        # Staff search for patients by ?q=, and without it a name stands where a parameter's name should.
        query_params="",
        view_name=factory.view_name(),
        encoded_headers=_NOTHING,
        body="",
        raw_body="",
    )


def _response_without_values(factory: ResponseModelFactory) -> models.Response:
    return models.Response.objects.create(
        request_id=factory.request.id,
        status_code=factory.response.status_code,
        encoded_headers=_NOTHING,
        body="",
        raw_body="",
    )


def _route(path: str) -> str:
    try:
        return f"/{resolve(path).route}"
    except Resolver404:
        return "/(unknown)"
