"""The OpenAPI side of what every endpoint shares."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from clinical_engine.api.scopes import SCOPES


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One reason of a problem."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    item = serializers.IntegerField(required=False, help_text="Index of the item in a bulk request")
    client_id = serializers.CharField(
        required=False, allow_null=True, help_text="The client's own id of the item"
    )


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem document (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    # A field, which the metaclass takes out of the way of the property of that name.
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]


def problem_reply(description: str) -> OpenApiResponse:
    """The OpenAPI response of a problem, for `extend_schema(responses=...)`."""
    return OpenApiResponse(ProblemSerializer, description)


class ProblemAwareSchema(AutoSchema):
    """Adds to every operation the scope it requires and the problems that any endpoint can answer with."""

    def get_description(self) -> str:  # type: ignore[override]  # the library's own signature
        """The view's own description and the scope it requires."""
        scope = getattr(self.view, "required_scopes", {}).get(self.method)
        description = super().get_description() or ""
        return f"{description}\n\nScope: `{scope}` ({SCOPES[scope]})." if scope in SCOPES else description

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, why in (("401", "No valid key"), ("403", "The key lacks the scope")):
            bodies.setdefault(status, self._get_response_for_code(problem_reply(why), status))  # type: ignore[no-untyped-call]
        for status, body in bodies.items():
            if status.startswith(("4", "5")):
                body["content"] = {"application/problem+json": next(iter(body["content"].values()))}
        return bodies


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes the key in the Authorization header."""

    target_class = "submitters.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002 - the extension's signature
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer <key>`"}
