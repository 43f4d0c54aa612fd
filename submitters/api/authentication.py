"""API keys in the Authorization header."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from submitters.selectors import ClientAccess, access_by_key

_SCHEME = "bearer"


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`; `request.auth` is then the client's access."""

    def authenticate(self, request: Request) -> tuple[None, ClientAccess] | None:
        """The access of the key; None without one. Raises AuthenticationFailed for an unknown or revoked key."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        # A scheme is written in any case (RFC 9110, section 11.1).
        if scheme.lower() != _SCHEME:
            return None
        access = access_by_key(key.strip())
        if access is None:
            raise AuthenticationFailed("This key is unknown or revoked.")
        return None, access

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - the framework's signature
        """What a 401 asks for."""
        return 'Bearer realm="clinical engine"'
