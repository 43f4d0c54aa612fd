"""Switching it on for an endpoint."""

from collections.abc import Callable
from functools import wraps

from django.db import transaction
from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.idempotency.answers import Slot, find, keep, slot_of, take
from clinical_engine.api.idempotency.fingerprints import fingerprint_of
from clinical_engine.api.idempotency.keys import key_of
from clinical_engine.api.scopes import access_of
from clinical_engine.common.errors import ClientIdConflictError

Handler = Callable[..., Response]
_MARK = "is_idempotent"


class UnkeptResponse(Response):
    """An answer behind which nothing of the request is stored: it is not kept, and the request can be mended under its key.

    What was written of it beside, such as how much was refused, stays.
    """


def idempotent(handler: Handler) -> Callable[..., HttpResponseBase]:
    """The view's method, which with an `Idempotency-Key` answers the same request once and then again as it did first.

    What was done and what was answered are committed together, so that neither can be there alone. What is raised is rolled back
    and not kept, and neither is an `UnkeptResponse`: sent again it is tried again. Without the header nothing is different.
    """

    @wraps(handler)
    def answer(view: APIView, request: Request, **arguments: object) -> HttpResponseBase:
        key = key_of(request)
        if key is None:
            return handler(view, request, **arguments)
        # Before the transaction, which would stay open for as long as a slow client sends.
        fingerprint = fingerprint_of(request)
        # The same endpoint may be reached with a slash at its end and without.
        operation = f"{request.method} {request.path.rstrip('/')}"
        slot = slot_of(access_of(request).api_client_id, operation, key, fingerprint)
        return _answer_once(slot, view, request, lambda: handler(view, request, **arguments))

    setattr(answer, _MARK, True)
    return answer


def is_idempotent(view: object, method: str) -> bool:
    """Whether the view's method takes the header."""
    return hasattr(getattr(view, method.lower(), None), _MARK)


@transaction.atomic
def _answer_once(
    slot: Slot, view: APIView, request: Request, handle: Callable[[], Response]
) -> HttpResponseBase:
    take(slot)
    if (kept := find(slot)) is not None:
        return kept
    try:
        response = handle()
    except ClientIdConflictError as error:
        # The one error that leaves something behind, for staff: rolled back, nobody would see the conflict.
        response = view.handle_exception(error)
    # What is kept are bytes: rendered later, an answer that cannot be rendered would be committed without one.
    view.finalize_response(request, response)
    response.render()
    if response.status_code >= 500:  # noqa: PLR2004 - a status
        transaction.set_rollback(True)
    elif not isinstance(response, UnkeptResponse):
        keep(slot, response)
    return response
