"""The OpenAPI side of what every endpoint shares."""

from threading import Lock
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request

from clinical_engine.api.idempotency import description as idempotency
from clinical_engine.api.idempotency import is_idempotent
from clinical_engine.api.scopes import SCOPES


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One reason of a problem."""

    field = serializers.CharField(help_text="The field, `item` or `body`")
    code = serializers.CharField(help_text="The reason, a stable word")
    message = serializers.CharField(help_text="The reason, for people; never repeats what was sent")
    item = serializers.IntegerField(required=False, help_text="Index of the item in a bulk request")
    client_id = serializers.CharField(
        required=False, allow_null=True, help_text="The client's own id of the item"
    )


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem document (RFC 9457)."""

    type = serializers.CharField(help_text="The kind of problem, a stable URN: compare this, not the texts")
    title = serializers.CharField(help_text="The HTTP status in words")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What happened, for people")
    statement = serializers.CharField(
        required=False, help_text="Which statement of ours was over its limit: tell it when you report this"
    )
    # A field, which the metaclass takes out of the way of the property of that name.
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]


class PageSerializer(serializers.Serializer[Any]):
    """What every page of a list has beside its `results`."""

    next = serializers.URLField(
        allow_null=True, help_text="The address of the next page; null on the last one"
    )


_ANY_PROBLEM = (
    ("401", "No valid key"),
    ("403", "The key lacks the scope"),
    ("503", "The database is away or busy: send the same again after `Retry-After` seconds"),
)
_BODY_PROBLEMS = (
    ("400", "The body is not JSON"),
    (
        "411",
        "The body was sent in chunks, without its Content-Length, to an endpoint that does not take that",
    ),
    ("413", "The body is too large"),
    ("415", "The body's media type is not application/json"),
)


def problem_reply(description: str) -> OpenApiResponse:
    """The OpenAPI response of a problem, for `extend_schema(responses=...)`."""
    return OpenApiResponse(ProblemSerializer, description)


class ProblemAwareSchema(AutoSchema):
    """Adds to every operation the scope it requires and the problems that any endpoint can answer with."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:  # noqa: ANN401 - the library's signature
        """The operation as the library describes it, and the scope it requires."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        scope = getattr(self.view, "required_scopes", {}).get(self.method)
        if operation is not None and scope in SCOPES:
            description = operation.get("description", "")
            operation["description"] = f"{description}\n\nScope: `{scope}` ({SCOPES[scope]}).".strip()
        return operation

    def get_override_parameters(self) -> list[Any]:
        """The headers of an operation that takes an `Idempotency-Key`."""
        return [*idempotency.PARAMETERS] if is_idempotent(self.view, self.method) else []

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, why in (
            *_ANY_PROBLEM,
            *(_BODY_PROBLEMS if self.method in {"POST", "PUT", "PATCH"} else ()),
        ):
            bodies.setdefault(status, self._get_response_for_code(problem_reply(why), status))  # type: ignore[no-untyped-call]
        for status, why in idempotency.ANSWERS if is_idempotent(self.view, self.method) else ():
            if status in bodies:
                bodies[status]["description"] += f". Or: {why}"
            else:
                bodies[status] = self._get_response_for_code(problem_reply(why), status)  # type: ignore[no-untyped-call]
        for status, body in bodies.items():
            if status.startswith(("4", "5")):
                body["content"] = {"application/problem+json": next(iter(body["content"].values()))}
        return bodies


class OnceDescribed(SchemaGenerator):
    """Describes the API once in each process, where it never changes: two threads that did so at once would disturb each other."""

    _turn = Lock()
    _document: dict[str, Any] | None = None

    def get_schema(self, request: Request | None = None, public: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - the library's signature
        """The OpenAPI document."""
        with self._turn:
            if OnceDescribed._document is None:
                OnceDescribed._document = super().get_schema(request, public)  # type: ignore[no-untyped-call]
            return OnceDescribed._document


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes the key in the Authorization header."""

    target_class = "submitters.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002 - the extension's signature
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer <key>`"}
