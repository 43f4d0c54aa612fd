"""Editing the payload of a failed job: one transaction with its revision and its audit row."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max

from clinical_engine.audit import services as audit
from clinical_engine.jobs import services
from clinical_engine.jobs.ledger.revisions import NotFailedError, RevisedMeanwhileError, Revision, revise
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.payloads import texts
from clinical_engine.jobs.payloads.drafts import draft_of
from clinical_engine.jobs.payloads.faults import fault_of
from clinical_engine.jobs.registry import InvalidPayloadError, JobKind, UpcastError, kind_of
from clinical_engine.jobs.states import FAILED


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person wrote: `text` is JSON, `seen` the number of the revision that they began with, or 0."""

    text: str
    seen: int
    reason: str
    run_now: bool


def revise_payload(*, actor: AbstractBaseUser, job_id: UUID, edit: Edit) -> int:
    """Save the edit as the job's next revision, and set the job going if it says so; the revision's number.

    Raises RefusedError for a text that cannot be saved, NotFailedError when somebody has set the job going, RevisedMeanwhileError
    when somebody else was first, UnknownKindError for a kind that this release does not know. Nothing is changed then.
    """
    job = Job.objects.get(pk=job_id)
    kind = kind_of(job.kind)
    _must_be_as_seen(job, edit.seen)
    version, text = _checked(kind, job, edit.text)
    with transaction.atomic():
        revision = Revision(job_id, text, version, edit.seen, actor.pk, edit.reason)
        organisation_id = revise(revision)
        number = edit.seen + 1
        details = {"revision": number, "version": version}
        target = audit.Target("job", job_id, organisation_id, details)
        audit.record(actor=actor, action="job.revise_payload", targets=[target], reason=edit.reason)
        if edit.run_now:
            services.run_again(actor=actor, job_ids=[job_id], reason=edit.reason)
    return number


def _must_be_as_seen(job: Job, seen: int) -> None:
    # What a person wrote is judged by what they saw: before their text is, and, for the last moment, once more under the lock.
    if job.state not in FAILED:
        raise NotFailedError
    if seen != last_number(job):
        raise RevisedMeanwhileError


def last_number(job: Job) -> int:
    """The number of the job's last revision, or 0."""
    return job.revisions.aggregate(last=Max("number"))["last"] or 0


def _checked(kind: JobKind, job: Job, text: str) -> tuple[int, str]:
    """Format and stored form of what a person wrote. Raises RefusedError."""
    payload = texts.parse(text)
    stored = texts.encoded(payload)
    draft = draft_of(kind, job)
    # Where no step leads to the draft's format, the same text is another payload: it is stored in a format that it may fit.
    if draft.is_upcast and texts.same(payload, draft.payload):
        raise texts.refused(
            "unchanged", "The text says the same as before: change it, or run the job again as it is."
        )
    try:
        if draft.version == kind.written_version:
            kind.check_written(stored)
        else:
            kind.decode_text(stored, draft.version)
    except InvalidPayloadError as error:
        raise texts.refused("schema", _sentence(error)) from None
    return draft.version, stored


def _sentence(error: InvalidPayloadError) -> str:
    if isinstance(error, UpcastError) or not isinstance(error.__cause__, Exception):
        return str(error)
    return f"The payload does not fit: {fault_of(error.__cause__, names=True)}."
