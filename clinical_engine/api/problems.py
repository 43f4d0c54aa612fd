"""Errors as problem details (RFC 9457): one shape for everything that goes wrong, and no value that was sent in it."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults
from rest_framework import exceptions
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from clinical_engine.common.database import may_be_away
from clinical_engine.common.errors import ClientIdConflictError, Refusal, RefusedError
from clinical_engine.common.guards import Guard, guard_of, sentence_of, statement_of
from clinical_engine.common.logs import describe_error

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
# Below this path machines ask, elsewhere people do, who get a page.
_API = ("/api", "/fhir")
_SEND_AGAIN = "Send the same again; what was stored nevertheless is then a duplicate."
# Whether the same may be sent again soon: a statement at its limit costs that much each time.
_AFTER_SECONDS = {Guard.STATEMENT: 30, Guard.LOCK: 1}
_OVER_LIMIT = {
    Guard.STATEMENT: f"A statement of this request took longer than it may, and was ended. {_SEND_AGAIN}",
    Guard.LOCK: f"This request waited too long for what something else is changing. {_SEND_AGAIN}",
}
# One word per reason, whether the framework found it or a service: clients compare these words.
_CODES = {
    "required": "missing",
    "blank": "empty",
    "max_length": "too_long",
    "null": "invalid",
    "not_text": "invalid",
    "null_characters_not_allowed": "not_printable",
    "surrogate_characters_not_allowed": "not_printable",
}


@dataclass(frozen=True, slots=True)
class ItemError:
    """One reason of a problem: the field, and in a bulk request the item (its index and the client's own id)."""

    refusal: Refusal
    item: int | None = None
    client_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The members of this error in a problem document; `pointer` is a JSON pointer into the request's body."""
        members: dict[str, Any] = {
            "field": self.refusal.field,
            "code": self.refusal.code,
            "message": self.refusal.message,
        }
        if self.item is not None:
            members |= {"item": self.item, "client_id": self.client_id}
        return members


def problem(
    status: int, kind: str, detail: str, errors: Sequence[ItemError] = (), **members: object
) -> dict[str, Any]:
    """A problem document. `kind` is its stable machine-readable name and becomes the `type` URN."""
    document: dict[str, Any] = {
        "type": f"urn:clinical-engine:problem:{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        document["errors"] = [error.as_json() for error in errors]
    return document | members


def problem_response(
    status: int, kind: str, detail: str, errors: Sequence[ItemError] = (), **members: object
) -> Response:
    """A response that carries a problem document."""
    return Response(
        problem(status, kind, detail, errors, **members), status=status, content_type=CONTENT_TYPE
    )


def handle_exception(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Django REST framework's exception handler: known errors become problems, unknown ones Django's 500."""
    if isinstance(error, RefusedError):
        return problem_response(422, "refused", _refused(context), [ItemError(r) for r in error.refusals])
    if isinstance(error, ClientIdConflictError):
        return problem_response(409, "client-id-conflict", str(error))
    if isinstance(error, RequestDataTooBig):
        return problem_response(413, "body-too-large", "The body is too large.")
    if guard := guard_of(error):
        return _over_limit(error, guard)
    if may_be_away(error):
        return _database_away(error)
    return _framework_problem(error, context)


def _over_limit(error: Exception, guard: Guard) -> Response:
    _log_over_limit(error)
    name = statement_of(error)
    members: dict[str, Any] = {"statement": name} if name else {}
    response = problem_response(503, guard, _OVER_LIMIT[guard], **members)
    response["Retry-After"] = str(_AFTER_SECONDS[guard])
    return response


def _log_over_limit(error: BaseException) -> None:
    logger.warning("%s (%s)", sentence_of(error), describe_error(error))


def _database_away(error: Exception) -> Response:
    logger.warning("The database is away or busy: %s", describe_error(error))
    response = problem_response(503, "try-again", f"The database is away or busy. {_SEND_AGAIN}")
    response["Retry-After"] = "1"
    return response


def _framework_problem(error: Exception, context: Mapping[str, Any]) -> Response | None:
    response = exception_handler(error, dict(context))
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        document = problem(422, "refused", _refused(context), [*_errors_of(error.detail)])
    else:
        document = problem(response.status_code, _kind_of(error), _detail_of(error))
    response.data, response.status_code = document, document["status"]
    response.content_type = CONTENT_TYPE
    return response


def _refused(context: Mapping[str, Any]) -> str:
    # Who only asks had nothing to store.
    if context["request"].method in SAFE_METHODS:
        return "The request was refused."
    return "The request was refused; nothing was stored."


def _kind_of(error: Exception) -> str:
    if isinstance(error, Http404):
        return "not-found"
    if isinstance(error, PermissionDenied):
        return "permission-denied"
    return str(getattr(error, "default_code", "error")).replace("_", "-")


def _detail_of(error: Exception) -> str:
    # These two quote what was sent; the others are sentences of ours or the framework's.
    if isinstance(error, exceptions.ParseError):
        return "The body is not valid JSON."
    if isinstance(error, exceptions.UnsupportedMediaType):
        return "The body must be application/json."
    if isinstance(error, Http404):
        return "There is nothing here that this key may see."
    return str(getattr(error, "detail", "The request cannot be answered."))


def _errors_of(detail: object, path: str = "") -> Iterator[ItemError]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            field = "body" if name == api_settings.NON_FIELD_ERRORS_KEY else str(name)
            yield from _errors_of(inner, f"{path}.{field}" if path else field)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _errors_of(inner, path)
    else:
        code = str(getattr(detail, "code", "invalid"))
        yield ItemError(Refusal(path or "body", _CODES.get(code, code), str(detail)))


Form = Callable[[dict[str, Any]], HttpResponse]
_forms: dict[str, Form] = {}


def answer_in_form(below: str, form: Form) -> None:
    """Let `form` make the answer of every problem that is found outside of the views below a path."""
    _forms[below] = form


def problem_outside_views(request: HttpRequest, status: int, kind: str, detail: str) -> HttpResponse:
    """What answers a request that no view of the framework could: in the form of its address."""
    document = problem(status, kind, detail)
    for path, form in _forms.items():
        if _is_below(request, path):
            return form(document)
    return JsonResponse(document, status=status, content_type=CONTENT_TYPE)


def _is_below(request: HttpRequest, path: str) -> bool:
    return f"{request.path_info}/".startswith(f"{path}/")


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Django's handler of unexpected errors: says nothing of what was being processed."""
    if not any(_is_below(request, path) for path in _API):
        return _error_page(request)
    detail = "An unexpected error happened. It was recorded; nothing was stored."
    return problem_outside_views(request, 500, "unexpected", detail)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler of requests that it takes for an attack, such as one to a host that is not ours."""
    if not any(_is_below(request, path) for path in _API):
        return defaults.bad_request(request, exception)
    return problem_outside_views(request, 400, "bad-request", "The request's head is not as it should be.")


def _error_page(request: HttpRequest) -> HttpResponseBase:
    # Django calls its handler where the error was caught.
    error = sys.exception()
    guard = guard_of(error)
    if error is None or guard is None:
        return defaults.server_error(request)
    # Whoever is told the name on the page looks for it in the log.
    _log_over_limit(error)
    return HttpResponse(render_to_string(f"{guard}.html", {"statement": statement_of(error)}), status=503)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler of unknown addresses."""
    if not any(_is_below(request, path) for path in _API):
        return defaults.page_not_found(request, exception)
    return problem_outside_views(request, 404, "not-found", "There is nothing at this address.")
