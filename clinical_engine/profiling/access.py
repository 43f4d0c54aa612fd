"""Who may see profiled requests."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The settings import this module, before any model can be loaded.
    from django.contrib.auth.models import AbstractUser, AnonymousUser


def may_view_silk(user: "AbstractUser | AnonymousUser") -> bool:
    """Only the dedicated permission opens silk; being staff does not."""
    return user.has_perm("profiling.view_silk")
