"""Addresses that are only read, and whose view would answer OPTIONS with a page that it does not have."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from clinical_engine.api.problems import CONTENT_TYPE, problem


def only_read(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view for GET and HEAD; any other method is answered 405, as a problem."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401 - whatever the address has
        if request.method in {"GET", "HEAD"}:
            return view(request, *args, **kwargs)
        document = problem(405, "method-not-allowed", "This is only read: GET or HEAD.")
        return JsonResponse(document, status=405, content_type=CONTENT_TYPE, headers={"Allow": "GET, HEAD"})

    return answer
