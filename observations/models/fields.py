"""Column types that Django lacks."""

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class NumericField(models.Field):  # type: ignore[type-arg]
    """PostgreSQL `numeric` without precision: keeps a reading as it was sent, 7.0 as well as 7.00."""

    def db_type(self, connection: "BaseDatabaseWrapper") -> str:  # noqa: ARG002 - Django's signature
        """The column's type."""
        return "numeric"
