from typing import ClassVar

from django.db import models


class Person(models.Model):
    """A patient, by the same kind of key as ours."""

    id = models.UUIDField(primary_key=True)
    # Named, since type checkers know no managers of apps that are not installed.
    objects: ClassVar[models.Manager["Person"]] = models.Manager()

    class Meta:
        db_table = "django_own_person"

    def __str__(self) -> str:
        return str(self.pk)


class Programme(models.Model):
    """A submitter, by the same kind of key as ours."""

    id = models.UUIDField(primary_key=True)
    objects: ClassVar[models.Manager["Programme"]] = models.Manager()
    patients: ClassVar = models.ManyToManyField(Person, db_table="django_own_link")

    class Meta:
        db_table = "django_own_programme"

    def __str__(self) -> str:
        return str(self.pk)
