"""What silk may keep of a request: the statements without their values, the route without its arguments.

Silk itself would store SQL with literal values, headers, query strings and paths in plain text, and run EXPLAIN on the
request's own connection after every statement, which hides the real error inside a transaction.
"""

import traceback
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models.sql.compiler import SQLCompiler
from django.urls import Resolver404, resolve
from django.utils import timezone
from silk import models
from silk.collector import DataCollector
from silk.model_factory import RequestModelFactory, ResponseModelFactory

_NOTHING = "{}"
_execute_unrecorded = SQLCompiler.execute_sql


def install() -> None:
    """Put the value-free recorder in the places where silk would install its own."""
    # Silk's middleware leaves a compiler alone that already has this attribute.
    SQLCompiler._execute_sql = _execute_unrecorded  # type: ignore[attr-defined]  # noqa: SLF001
    SQLCompiler.execute_sql = _execute_recorded  # type: ignore[method-assign, assignment]
    RequestModelFactory.construct_request_model = _request_without_values
    ResponseModelFactory.construct_response_model = _response_without_values


def _execute_recorded(compiler: SQLCompiler, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Django's signature
    collector = DataCollector()
    sql = _sql_with_placeholders(compiler) if collector.request else None
    if sql is None:
        return _execute_unrecorded(compiler, *args, **kwargs)
    query = {
        "query": sql,
        "start_time": timezone.now(),
        "traceback": "".join(reversed(traceback.format_stack())),
        "request": collector.request,
    }
    try:
        return _execute_unrecorded(compiler, *args, **kwargs)
    finally:
        query["end_time"] = timezone.now()
        collector.register_query(query)


def _sql_with_placeholders(compiler: SQLCompiler) -> str | None:
    if (model := compiler.query.model) is not None and model.__module__ == "silk.models":
        return None
    try:
        return compiler.as_sql()[0] or None
    except EmptyResultSet:
        return None


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
