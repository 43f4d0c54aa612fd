"""Recording a profiled request: its statements as the driver's cursor sees them, without their values."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from silk.collector import DataCollector

from clinical_engine.profiling.silk.noting import noting


class RecordStatements:
    """Middleware, directly behind silk's: notes the statements of the requests that it records.

    Silk's own hook sees only what the ORM reads; most of the engine's work is INSERT, UPDATE and COPY by hand.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, its statements noted when silk records it."""
        recorded = DataCollector().request
        if recorded is None:
            return self._get_response(request)
        with noting() as recorded.noted:
            return self._get_response(request)
