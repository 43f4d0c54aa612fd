"""One row after another, and all of them together."""

from collections.abc import Sequence

import msgspec
from celery import shared_task

from clinical_engine.jobs.registry import ClaimedJob, JobKind
from submitters.models import Organisation, Submitter


class Empty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing."""


def what_each_belongs_to() -> list[str]:
    """A query for each submitter."""
    return [submitter.organisation.name for submitter in Submitter.objects.all()]


def what_belongs_to_each() -> list[int]:
    """The other way round."""
    return [len(organisation.submitters.all()) for organisation in Organisation.objects.all()]


def each_by_its_key() -> list[str]:
    """As written without any relation."""
    return [Submitter.objects.get(pk=key).name for key in Submitter.objects.values_list("pk", flat=True)]


def a_column_left_out() -> list[str]:
    """What `only` did not fetch is fetched for each."""
    return [submitter.name for submitter in Submitter.objects.only("pk")]


def all_together() -> list[str]:
    """The same in one query."""
    return [submitter.organisation.name for submitter in Submitter.objects.select_related("organisation")]


def handle(batch: Sequence[ClaimedJob]) -> None:
    """A query for each job of the batch."""
    for job in batch:
        assert job.submitter_id is not None
        assert Submitter.objects.get(pk=job.submitter_id).name


@shared_task(name="planted.task")
def task() -> None:
    """The same in a task."""
    what_each_belongs_to()


KIND = JobKind(name="planted", handler=handle, schema=Empty)
