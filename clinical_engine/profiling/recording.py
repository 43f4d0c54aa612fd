"""Recording the statements of a profiled request: every one that goes through a cursor, without its values."""

import traceback
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from silk.collector import DataCollector

# They take no time of their own, and every atomic block has two.
_NOT_RECORDED = ("SAVEPOINT", "RELEASE SAVEPOINT")


class RecordStatements:
    """Middleware, directly behind silk's: gives silk the statements of the requests that it records.

    Silk's own hook sees only what the ORM reads; most of the engine's work is INSERT and UPDATE by hand.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, its statements recorded when silk records it."""
        if DataCollector().request is None:
            return self._get_response(request)
        with connection.execute_wrapper(_record):
            return self._get_response(request)


def _record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: ANN401, FBT001 - Django's signature
    if sql.startswith(_NOT_RECORDED):
        return execute(sql, params, many, context)
    query = {
        # With its placeholders: the values are in `params`, and stay there.
        "query": sql,
        "start_time": timezone.now(),
        "traceback": "".join(reversed(traceback.format_stack())),
        "request": DataCollector().request,
    }
    try:
        return execute(sql, params, many, context)
    finally:
        query["end_time"] = timezone.now()
        DataCollector().register_query(query)
