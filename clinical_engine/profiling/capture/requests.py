"""A request is one unit of work, named by its method and route."""

from collections.abc import Callable, Iterator
from typing import cast

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse

from clinical_engine.common.written_by_clients import known_method
from clinical_engine.profiling.capture.units import in_parts, unit_of_work


def capture_request(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, the outermost: what sessions and authentication ask for belongs to the request as well."""
    if not settings.CAPTURE_EVERY:
        raise MiddlewareNotUsed

    def captured(request: HttpRequest) -> HttpResponseBase:
        def origin() -> str:
            return origin_of(request)

        with unit_of_work(origin):
            response = get_response(request)
        # A file sends no statements, and is handed to the server as it is.
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            response.streaming_content = in_parts(cast("Iterator[bytes]", response.streaming_content), origin)
            # What it holds is let go after the last part.
            response.close = unit_of_work(origin)(response.close)  # type: ignore[method-assign]
        return response

    return captured


def origin_of(request: HttpRequest) -> str:
    """'POST /api/v1/activations': never the path itself, which holds ids, nor a method that only the caller knows."""
    match = request.resolver_match
    return f"{known_method(request.method)} /{match.route if match else '(unknown)'}"
