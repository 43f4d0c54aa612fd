"""What silk may keep of a request: a known method, the route without its arguments, no header, no body, no value in a statement.

Silk itself would store headers, query strings, paths and SQL in plain text.
"""

import logging

from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpRequest, HttpResponseBase
from silk.collector import DataCollector
from silk.middleware import SilkyMiddleware
from silk.model_factory import RequestModelFactory
from silk.models import Request

from clinical_engine.common.written_by_clients import known_method
from clinical_engine.profiling.silk.sampling import route_of
from clinical_engine.profiling.silk.saving import Recorded, save
from clinical_engine.profiling.silk.streaming import is_streamed, note_to_its_end


def install() -> None:
    """Put value-free recorders in the places where silk has its own, and keep its recorder of statements away."""
    # Silk's middleware leaves a compiler alone that already has this attribute: with it silk would store SQL with its values,
    # and run EXPLAIN on the request's own connection, which hides the real error inside a transaction.
    SQLCompiler._execute_sql = SQLCompiler.execute_sql  # type: ignore[attr-defined]  # noqa: SLF001
    RequestModelFactory.construct_request_model = _begin
    SilkyMiddleware._process_response = _end  # noqa: SLF001 - where silk would write all it knows
    # It repeats the values of filters that it does not understand.
    logging.getLogger("silk.request_filters").setLevel(logging.CRITICAL)


def _begin(factory: RequestModelFactory) -> Request:
    # Nothing is written before the answer: a request must not fail, or wait, because it is recorded. Staff search for patients by
    # ?q=, and without it a name stands where a parameter's name should.
    return Request(
        path=route_of(factory.request.path_info),
        method=known_method(factory.request.method),
        view_name=factory.view_name(),
    )


def _end(_: SilkyMiddleware, request: HttpRequest, response: HttpResponseBase) -> None:
    begun, chosen = DataCollector().request, request.silk_chosen  # type: ignore[attr-defined]  # set by `should_profile`

    def write(failure: str = "") -> None:
        recorded = Recorded(
            origin=f"{begun.method} {begun.path}",
            method=begun.method,
            path=begun.path,
            view_name=begun.view_name or "",
            begun_at=begun.start_time,
            status=response.status_code,
            remark=f"Failed while it was streamed: {failure}" if failure else "",
        )
        save(recorded, chosen, begun.noted)

    if is_streamed(response):
        note_to_its_end(response, begun.noted, write)
    else:
        write()
