"""Who may do what: Django's own accounts and groups, read at once."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.db.models import Model, Q

_CACHE = "_staff_permissions"


class AccountBackend(ModelBackend):
    """Django's backend, which asks for an account's own permissions and for those of its groups one after the other."""

    def get_all_permissions(self, user_obj: User, obj: Model | None = None) -> set[str]:  # type: ignore[override]
        """The permissions of the account, its own and its groups': one query for each request."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, _CACHE):
            rows = Permission.objects.order_by()
            if not user_obj.is_superuser:
                rows = rows.filter(Q(user=user_obj) | Q(group__user=user_obj)).distinct()
            found = rows.values_list("content_type__app_label", "codename")
            setattr(user_obj, _CACHE, {f"{label}.{name}" for label, name in found})
        permissions: set[str] = getattr(user_obj, _CACHE)
        return permissions
