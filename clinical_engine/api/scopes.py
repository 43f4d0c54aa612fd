"""What a key may do. A device gets an allow-list: an endpoint without a scope answers nobody."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast
from uuid import UUID

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    # The framework imports this module while it is itself half imported: it is its default permission.
    from rest_framework.views import APIView

SCOPES = {
    "activations:write": "Say that a patient is active or inactive with a submitter",
    "facts:write": "Send facts about patients: sex, birth year, SpO2 scale",
    "rosters:write": "Send a submitter's full list of active patients",
    "rosters:read": "See what became of a list, and how it differed",
    "measurements:write": "Send measurements",
    "measurements:read": "Read measurements",
    "observations:read": "Read observations",
    "patients:read": "Look patients up and see their links",
    "jobs:read": "See what became of accepted work",
}


class Access(Protocol):
    """Who asks, as `request.auth` holds it: what their key may do, and for which organisations."""

    @property
    def api_client_id(self) -> UUID:
        """The API client that the key belongs to."""

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of the key."""

    @property
    def organisation_ids(self) -> frozenset[UUID]:
        """The organisations the key may act for."""


def access_of(request: Request) -> Access:
    """Who asks. Only to be called behind `HasRequiredScope`, which lets nobody in without it."""
    return cast("Access", request.auth)


class HasRequiredScope(BasePermission):
    """Lets a key in when it has the scope that the view's `required_scopes` names for the method.

    HEAD asks for the scope of GET, OPTIONS for any of the view's.
    """

    message = "This key does not have the scope that this endpoint requires."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether the key has the scope; False for a method without one. Raises MethodNotAllowed where there is no such method."""
        if request.auth is None:
            return False
        if request.method not in view.allowed_methods:
            # The framework looks for the method only after this: a key with every scope would be told that it lacks one.
            raise MethodNotAllowed(str(request.method))
        asked = _scopes_for(str(request.method), getattr(view, "required_scopes", {}))
        return bool(asked & SCOPES.keys() & access_of(request).scopes)


def _scopes_for(method: str, required: Mapping[str, str]) -> set[str | None]:
    """The scopes of which one is enough."""
    if method == "OPTIONS":
        # It does nothing but tell what there is.
        return {*required.values()}
    # HEAD is GET without its content (RFC 9110, section 9.3.2).
    return {required.get("GET" if method == "HEAD" else method)}
