"""How many readings were refused, and why."""

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Value
from django.db.models.functions import Coalesce

from submitters.models import ApiClient, Organisation


class RefusalCount(models.Model):
    """The refusals of one hour by sender, code, field and reason. What was refused is not kept: it was not accepted."""

    hour = models.DateTimeField(help_text="When the hour began")
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="Empty for a request that could not be read as a whole",
    )
    api_client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    code = models.CharField(
        max_length=32, blank=True, help_text="Of the catalogue, or shaped like a LOINC code; otherwise empty"
    )
    field = models.CharField(max_length=128)
    reason = models.CharField(max_length=32)
    number = models.PositiveIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "hour",
                # Imports have no client. PostgreSQL 14 cannot be told that NULL equals NULL.
                Coalesce("organisation", Value(UUID(int=0))),
                Coalesce("api_client", Value(UUID(int=0))),
                "code",
                "field",
                "reason",
                name="refusal_count_once",
            )
        ]

        verbose_name_plural = "refused readings"

    def __str__(self) -> str:
        return f"refusals {self.pk}"
