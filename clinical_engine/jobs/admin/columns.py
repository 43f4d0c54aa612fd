"""How the list and the page of a job show its fields."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinical_engine.jobs.admin.cells import cause_link, state_badge
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.states import JobState
from clinical_engine.staff import links
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import NOTHING, identifier, moment, moment_text, precise_moment


class JobColumns(StaffModelAdmin):
    """Cells of the list, and fields of the page; `prepare` has attached the links."""

    @admin.display(description="state")
    def state_badge(self, job: Job) -> SafeString:
        """Where it stands."""
        return state_badge(job)

    @admin.display(description="organisation")
    def organisation(self, job: Job) -> SafeString | str:
        """Leads to the organisation."""
        return links.shown(job, "organisation_id")

    @admin.display(description="patient")
    def patient(self, job: Job) -> SafeString | str:
        """Leads to the patient."""
        return links.shown(job, "patient_id")

    @admin.display(description="submitter")
    def submitter(self, job: Job) -> SafeString | str:
        """Leads to the submitter."""
        return links.shown(job, "submitter_id")

    @admin.display(description="last failure")
    def failure(self, job: Job) -> SafeString | str:
        """What it was, and a link to all failures of the same cause."""
        if not job.error and not job.fingerprint:
            return ""
        return format_html('<span class="ce-error">{}</span><br>{}', job.error, cause_link(job.fingerprint))

    @admin.display(description="state")
    def state_and_attempts(self, job: Job) -> SafeString:
        """Where it stands, and how often it was tried."""
        made = job.attempts_made
        return _stacked(state_badge(job), f"{made} attempt{'' if made == 1 else 's'}")

    @admin.display(description="organisation, submitter")
    def owners(self, job: Job) -> SafeString:
        """Lead to the organisation and the submitter."""
        return _stacked(self.organisation(job), self.submitter(job))

    @admin.display(description="release, format")
    def release_and_format(self, job: Job) -> SafeString:
        """The release that tried it last, and the format of its payload."""
        return _stacked(self.release(job), f"format {job.payload_version}")

    @admin.display(description="made, ended", ordering="pk")
    def times(self, job: Job) -> SafeString:
        """When the work was accepted, and when it succeeded, died or was cancelled."""
        return _stacked(moment(job.created_at), moment(job.finished_at))

    @admin.display(description="release that tried last")
    def release(self, job: Job) -> str:
        """The release that tried it last."""
        return job.claimed_release or NOTHING

    @admin.display(description="made")
    def made(self, job: Job) -> SafeString:
        """When the work was accepted."""
        return precise_moment(job.created_at)

    @admin.display(description="ended")
    def ended(self, job: Job) -> SafeString:
        """When it succeeded, died or was cancelled."""
        return precise_moment(job.finished_at)

    @admin.display(description="next try")
    def next_run(self, job: Job) -> SafeString:
        """When it may be claimed; past for one that has ended."""
        return precise_moment(job.next_run_at)

    @admin.display(description="held by")
    def holder(self, job: Job) -> str:
        """Which worker has it, since when, and until when nobody else takes it."""
        if job.state != JobState.RUNNING:
            return NOTHING
        since, until = moment_text(job.claimed_at), moment_text(job.lease_expires_at)
        return f"{job.claimed_by} since {since}, lease until {until}"

    @admin.display(description="computes anew from")
    def dirty(self, job: Job) -> SafeString:
        """The earliest time whose results it computes."""
        return precise_moment(job.dirty_from)

    @admin.display(description="fingerprint")
    def cause(self, job: Job) -> SafeString | str:
        """Leads to the other failures of the same cause."""
        return cause_link(job.fingerprint)

    @admin.display(description="last touched by")
    def last_touched_by(self, job: Job) -> str:
        """Who last ran, edited, cancelled or discarded it."""
        return NOTHING if job.last_actor is None else job.last_actor.get_username()

    @admin.display(description="id")
    def shown_id(self, job: Job) -> SafeString:
        """By which the API names it."""
        return identifier(job.pk)


def _stacked(upper: SafeString | str, lower: SafeString | str) -> SafeString:
    # One element: on a narrow screen the cell's parts would otherwise be spread over its width.
    return format_html("<div>{}<br>{}</div>", upper, lower)
