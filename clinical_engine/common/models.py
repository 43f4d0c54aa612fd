"""Model pieces that every app uses."""

from django.db import models

from clinical_engine.common.identifiers import new_id


class IdentifiedModel(models.Model):
    """A row that is named outside the engine: its key is a UUIDv7."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True
