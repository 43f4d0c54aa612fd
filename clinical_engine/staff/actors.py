"""Who acts."""

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def actor_of(request: HttpRequest) -> User:
    """The account that the audit trail names. Raises PermissionDenied for nobody, whom the admin lets in nowhere."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
