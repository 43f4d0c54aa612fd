"""Jobs: state, error, attempts, and 'Run again'."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from clinical_engine.jobs import services
from clinical_engine.jobs.admin.cells import state_badge
from clinical_engine.jobs.admin.filters import CauseFilter, KindFilter, QueueFilter, StateFilter
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.states import FAILED, JobState
from clinical_engine.staff import links
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.cells import identifier, json_block, link, list_url, precise_moment
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import Question, ask, reason_in
from clinical_engine.staff.search import as_uuid

_RUNNABLE = (*FAILED, JobState.CANCELLED, JobState.RETRYABLE)
_EXPLANATION = (
    "Jobs that failed, were cancelled or wait to be tried again become available now; the others are left alone. "
    "A job looks at all facts anew, so running it again cannot undo anything younger."
)


@admin.register(Job)
class JobAdmin(StaffModelAdmin):
    """One piece of accepted work."""

    menu = Menu(60, "Engine", "list_alt")
    list_display = (
        "kind",
        "state_badge",
        "organisation",
        "submitter",
        "patient",
        "error",
        "attempts",
        "made",
    )
    list_filter = (StateFilter, KindFilter, QueueFilter, CauseFilter)
    ordering = ("-pk",)
    search_fields = ("id",)
    search_help_text = "Id of a job, external id or UUID of a patient, or a fingerprint (each whole)"
    actions = ("run_again",)
    actions_detail = ("run_this_again",)
    fieldsets = (
        (None, {"fields": (("kind", "state_badge"), ("organisation", "submitter"), ("patient", "queue"))}),
        ("Last failure", {"fields": (("error", "cause"),)}),
        ("Times", {"fields": (("made", "next_run"), ("ended", "dirty"), ("attempts_made", "attempts_used"))}),
        ("Work", {"fields": (("payload_version", "shown_id"), "shown_payload")}),
    )

    def has_run_again_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may run failed jobs again."""
        del obj
        return request.user.has_perm("jobs.run_job_again")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Job], search_term: str
    ) -> tuple[QuerySet[Job], bool]:
        """By an id, by what a patient is called elsewhere, or by the fingerprint of a failure."""
        term = search_term.strip()
        if not term:
            return queryset, False
        identifier_ = as_uuid(term)
        if identifier_ is not None:
            return queryset.filter(Q(pk=identifier_) | Q(patient_id=identifier_)), False
        # One after the other: asked for both at once, the planner would use neither index.
        patients = links.found(request.user, "patient", term)
        if patients:
            return queryset.filter(patient_id__in=patients), False
        return queryset.filter(fingerprint=term).exclude(state=JobState.SUCCEEDED), False

    def prepare(self, request: HttpRequest, rows: Sequence[Job]) -> None:
        """Links from the opaque ids, for who may see what they name."""
        fields = {"organisation_id": "organisation", "patient_id": "patient", "submitter_id": "submitter"}
        links.attach(request.user, rows, fields)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The button, where running again would change anything."""
        key = as_uuid(object_id)
        runnable = key is not None and Job.objects.filter(pk=key, state__in=_RUNNABLE).exists()
        return list(super().get_actions_detail(request, object_id)) if runnable else []

    @admin.action(description="Run again", permissions=["run_again"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        """Ask why, then make the chosen jobs available."""
        # What was ticked, rather than the queryset: a job that left the filtered list meanwhile is to be reported, not dropped.
        del queryset
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        reason, form = reason_in(request)
        if not reason:
            hidden = {ACTION_CHECKBOX_NAME: ticked, "action": ["run_again"], "index": ["0"]}
            question = _question(len(ticked), request.get_full_path(), hidden)
            return ask(request, question, form, self.opts)
        self._run_again(request, ticked, reason)
        return None

    @detail_button(title="Run again", path="run-again", permission="run_again")
    def run_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then make this job available."""
        if self.get_object(request, object_id) is None:
            return self.not_there(request, object_id)
        page = reverse("admin:jobs_job_change", args=[object_id])
        reason, form = reason_in(request)
        if not reason:
            return ask(request, _question(1, page, {}), form, self.opts)
        self._run_again(request, [object_id], reason)
        return HttpResponseRedirect(page)

    def _run_again(self, request: HttpRequest, ids: Sequence[str], reason: str) -> None:
        changed = services.run_again(
            actor=actor_of(request), job_ids=[UUID(text) for text in ids], reason=reason
        )
        left = len(ids) - changed
        text = f"{changed} of {len(ids)} jobs will run again."
        if left:
            text += f" {left} left alone: succeeded, running, or set going by someone else."
        self.message_user(request, text, messages.WARNING if left else messages.SUCCESS)

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

    @admin.display(description="attempts")
    def attempts(self, job: Job) -> int:
        """How often it was tried."""
        return job.attempts_made

    @admin.display(description="made", ordering="pk")
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

    @admin.display(description="computes anew from")
    def dirty(self, job: Job) -> SafeString:
        """The earliest time whose results it computes."""
        return precise_moment(job.dirty_from)

    @admin.display(description="fingerprint")
    def cause(self, job: Job) -> SafeString | str:
        """Leads to the other failures of the same cause."""
        if not job.fingerprint:
            return ""
        return link(list_url("admin:jobs_job_changelist", fingerprint=job.fingerprint), job.fingerprint)

    @admin.display(description="payload")
    def shown_payload(self, job: Job) -> SafeString:
        """Ids and parameters."""
        return json_block(job.payload)

    @admin.display(description="id")
    def shown_id(self, job: Job) -> SafeString:
        """By which the API names it."""
        return identifier(job.pk)


def _question(number: int, back: str, hidden: dict[str, list[str]]) -> Question:
    what = "this job" if number == 1 else f"{number} jobs"
    return Question(f"Run {what} again", _EXPLANATION, "Run again", back, hidden)
