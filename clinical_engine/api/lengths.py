"""Bodies whose length nobody declared."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from clinical_engine.api.problems import problem_outside_views


def is_sent_in_chunks(request: HttpRequest) -> bool:
    """Whether the body comes in chunks, its length unknown until its end."""
    return "Transfer-Encoding" in request.headers and not request.headers.get("Content-Length")


def refuse_undeclared_length(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that answers 411 to a body sent in chunks, unless the view reads it as an `Upload` (`takes_chunks`).

    Django reads nothing of such a body: a good request would be refused as if it were empty.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if is_sent_in_chunks(request) and not _takes_chunks(request):
            detail = "The body must be sent with its Content-Length."
            return problem_outside_views(request, 411, "length-required", detail)
        return get_response(request)

    return answer


def _takes_chunks(request: HttpRequest) -> bool:
    # A server that does not say that it decodes chunks and ends them would be read from for ever.
    if not request.META.get("wsgi.input_terminated"):
        return False
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return bool(getattr(getattr(view, "cls", None), "takes_chunks", False))
