"""What was refused of requests, in whole or in part: whoever counts it is told who sent it, and why it was refused."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import Error, transaction
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api import problems
from clinical_engine.api.results import REFUSED, ItemResult
from clinical_engine.api.scopes import Access, access_of
from clinical_engine.common.errors import Refusal
from clinical_engine.common.logs import describe_error

logger = logging.getLogger(__name__)
Listener = Callable[[UUID, Sequence[Refusal], UUID | None], None]
_listeners: list[Listener] = []
# By the kind of the problem, which becomes the reason, what it is about. Not among them: what may be sent again as it is (the same
# key still at work, the database away), which loses nothing, and conflicts, which are kept.
ABOUT = {
    "parse-error": "body",
    "body-too-large": "body",
    "body-cut-short": "body",
    "body-too-slow": "body",
    "unsupported-media-type": "Content-Type",
    "not-acceptable": "Accept",
    "idempotency-key-invalid": "Idempotency-Key",
    "idempotency-key-reused": "Idempotency-Key",
    "older-roster": "as_of",
    "permission-denied": "",
    "not-found": "",
}
OWN_WORDS = {"parse-error": "no_json"}


def on_refused_request(listener: Listener) -> None:
    """Let `listener` hear of what is refused of requests: the client, the reasons, and the organisation where it is known."""
    _listeners.append(listener)


def handle_exception(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The framework's exception handler: a problem, and a word to the listeners.

    It runs when a request with an `Idempotency-Key` has been rolled back already, so what a listener writes stays.
    """
    response = problems.handle_exception(error, context)
    if response is not None:
        tell(context["request"], context["view"], response.data)
    return response


def tell(request: Request, view: APIView, problem: Mapping[str, Any]) -> None:
    """Tell the listeners of a problem with which a request to store something is answered; of any other nothing."""
    scope = getattr(view, "required_scopes", {}).get(request.method, "")
    refusals = _refusals_in(problem) if scope.endswith(":write") else []
    client_id = _client_of(request) if refusals else None
    if client_id is not None:
        _tell(client_id, refusals, None)


def tell_of_items(access: Access, organisation_id: UUID, results: Sequence[ItemResult]) -> None:
    """Tell the listeners of the items of a request that were refused."""
    refusals = [refusal for result in results if result.outcome == REFUSED for refusal in result.errors or ()]
    if refusals:
        _tell(access.api_client_id, refusals, organisation_id)


def _tell(client_id: UUID, refusals: Sequence[Refusal], organisation_id: UUID | None) -> None:
    for listener in _listeners:
        try:
            # Whatever the request has stored so far stays, and so does its transaction.
            with transaction.atomic():
                listener(client_id, refusals, organisation_id)
        except Error as failed:
            # The sender is told why all the same.
            logger.warning("A refused request was not counted: %s", describe_error(failed))


def _refusals_in(problem: Mapping[str, Any]) -> list[Refusal]:
    if errors := problem.get("errors"):
        return [Refusal(error["field"], error["code"], error["message"]) for error in errors]
    kind = str(problem["type"]).rsplit(":", 1)[-1]
    if kind not in ABOUT:
        return []
    reason = OWN_WORDS.get(kind, kind.replace("-", "_"))
    return [Refusal(ABOUT[kind], reason, str(problem["detail"]))]


def _client_of(request: Request) -> UUID | None:
    try:
        is_known = request.auth is not None
    except (APIException, Error):
        # What was wrong was found before anybody asked for the key, and the key is none either.
        return None
    return access_of(request).api_client_id if is_known else None
