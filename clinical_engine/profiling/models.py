"""Nothing is stored here: a permission needs a model to belong to."""

from typing import ClassVar

from django.db import models


class ProfiledRequests(models.Model):  # noqa: DJ008 - it has no rows to name
    """Carries the permission to see what silk recorded."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions: ClassVar = [("view_silk", "Can view profiled requests")]
