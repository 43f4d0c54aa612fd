"""Bodies whose length nobody declared."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from clinical_engine.api.problems import CONTENT_TYPE, problem


def refuse_undeclared_length(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that answers 411 to a body sent in chunks.

    Django reads nothing of such a body: a good request would be refused as if it were empty.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if "Transfer-Encoding" in request.headers and not request.headers.get("Content-Length"):
            document = problem(411, "length-required", "The body must be sent with its Content-Length.")
            return JsonResponse(document, status=411, content_type=CONTENT_TYPE)
        return get_response(request)

    return answer
