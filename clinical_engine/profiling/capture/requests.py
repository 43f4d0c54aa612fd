"""A request is one unit of work, named by its method and route."""

from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from clinical_engine.profiling.capture.units import unit_of_work


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
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _streamed(response.streaming_content, origin)
        return response

    return captured


def origin_of(request: HttpRequest) -> str:
    """'POST /api/v1/activations': never the path itself, which holds ids."""
    match = request.resolver_match
    return f"{request.method} /{match.route if match else '(unknown)'}"


def _streamed(content: Iterable[bytes], origin: Callable[[], str]) -> Iterator[bytes]:
    with unit_of_work(origin):
        yield from content
