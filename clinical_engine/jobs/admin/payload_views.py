"""How a payload looks: as stored, as this release reads it, and what people made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.safestring import SafeString

from clinical_engine.jobs.models import Job, PayloadRevision
from clinical_engine.jobs.payloads.drafts import Reading, known_kind, read
from clinical_engine.jobs.payloads.texts import shown
from clinical_engine.jobs.payloads.waiting import why_it_waits
from clinical_engine.staff import dashboard, panels
from clinical_engine.staff.cells import Tone, badge, code_block, precise_moment

_REVISIONS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A payload in one format, or why it cannot be brought there."""

    title: str
    content: SafeString | None
    fault: str


@dataclass(frozen=True, slots=True)
class ShownReading:
    """What this release makes of a payload: its steps, and in a word and a sentence whether it fits."""

    steps: Sequence[ShownStep]
    verdict: SafeString
    fault: str


@dataclass(frozen=True, slots=True)
class ShownRevision:
    """What a person made of a payload."""

    title: str
    facts: Mapping[str, object]
    content: SafeString
    reading: ShownReading | None


def comparison_of(job: Job) -> Mapping[str, object]:
    """A job's payload as stored, as this release reads it, and the last revision; one query, together with the next."""
    last = next(iter(_revisions(job)), None)
    return {
        "original": {
            "title": f"Format {job.payload_version}",
            "content": code_block(shown(job.payload)),
        },
        "reading": _reading(job, job.payload, job.payload_version),
        "revision": _revision(job, last) if last else None,
        "waits": why_it_waits(job),
    }


def revisions_of(job: Job) -> Mapping[str, object]:
    """The table of a job's revisions, the youngest first; one query, together with the one before."""
    headers = ("Revision", "Format", "Saved", "By", "Why", "Payload")
    rows = [
        (
            revision.number,
            revision.payload_version,
            precise_moment(revision.created_at),
            revision.actor,
            revision.reason,
            code_block(shown(revision.payload)),
        )
        for revision in _revisions(job)[:_REVISIONS_SHOWN]
    ]
    return panels.table(headers, rows, empty="Nobody has edited the payload.")


def _revisions(job: Job) -> Sequence[PayloadRevision]:
    # Two panels of one page show them; without any the job itself says so.
    if job.revised_version is None:
        return ()
    youngest_first = PayloadRevision.objects.select_related("actor").order_by("-number")
    prefetch_related_objects([job], Prefetch("revisions", youngest_first))
    return list(job.revisions.all())


def offer() -> None:
    """Register what a job's page shows of its payload, and the tile of jobs that wait for another release."""
    panels.register(
        "jobs.job",
        panels.Panel(
            "Payload", "jobs.view_job", comparison_of, template="admin/jobs/payload_panel.html", position=20
        ),
        panels.Panel("Revisions of the payload", "jobs.view_payloadrevision", revisions_of, position=21),
    )
    dashboard.register(
        dashboard.Tile(
            "jobs_waiting_for_release",
            "Waiting for a release",
            "This release can read all work.",
            45,
            "admin:jobs_job_changelist",
            {"state": "waiting_for_release"},
            "jobs.view_job",
        )
    )


def _reading(job: Job, payload: object, version: int) -> ShownReading | None:
    kind = known_kind(job)
    return _shown(read(kind, payload, version)) if kind else None


def _shown(reading: Reading) -> ShownReading:
    steps = [
        ShownStep(
            f"Format {step.version}", None if step.fault else code_block(shown(step.payload)), step.fault
        )
        for step in reading.steps
    ]
    verdict = badge("Does not fit", Tone.BAD) if reading.fault else badge("Fits", Tone.GOOD)
    # What a step stumbled over is said at the step.
    fault = "" if steps and steps[-1].fault else reading.fault
    return ShownReading(steps, verdict, fault)


def _revision(job: Job, revision: PayloadRevision) -> ShownRevision:
    return ShownRevision(
        f"Revision {revision.number}, format {revision.payload_version}",
        {"Saved": precise_moment(revision.created_at), "By": revision.actor, "Why": revision.reason},
        code_block(shown(revision.payload)),
        _reading(job, revision.payload, revision.payload_version),
    )
