"""Jobs: what failed and why, who touched it last, and what is to be done about it."""

from collections.abc import Mapping, Sequence

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from clinical_engine.jobs.admin.actions import JobActions
from clinical_engine.jobs.admin.bulk import bulk_of
from clinical_engine.jobs.admin.columns import JobColumns
from clinical_engine.jobs.admin.desk import RepairDesk
from clinical_engine.jobs.admin.filters import (
    CauseFilter,
    EndedFilter,
    FormatFilter,
    KindFilter,
    LastActorFilter,
    QueueFilter,
    ReleaseFilter,
    StateFilter,
    SubmitterFilter,
    state_in,
)
from clinical_engine.jobs.admin.payloads import PayloadEditor
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.selection import of_cause
from clinical_engine.staff import links
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.search import as_uuid


@admin.register(Job)
class JobAdmin(PayloadEditor, JobActions, JobColumns, RepairDesk):
    """One piece of accepted work."""

    menu = Menu(60, "Engine", "list_alt")
    nothing_yet = "No job has failed."
    related = ("last_actor",)
    list_display = (
        "kind",
        "state_and_attempts",
        "failure",
        "patient",
        "owners",
        "queue",
        "release_and_format",
        "times",
        "last_touched_by",
    )
    list_filter = (
        StateFilter,
        KindFilter,
        CauseFilter,
        EndedFilter,
        ReleaseFilter,
        FormatFilter,
        SubmitterFilter,
        QueueFilter,
        LastActorFilter,
    )
    list_before_template = "admin/jobs/list_head.html"
    ordering = ("-pk",)
    # By any other column a million rows would be sorted for fifty.
    sortable_by = ("times",)
    search_fields = ("id",)
    search_help_text = (
        "Id of a job, external id or UUID of a patient, or a fingerprint (each whole), in any state"
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("kind", "state_badge"),
                    ("organisation", "submitter"),
                    ("patient", "queue"),
                    ("last_touched_by", "shown_id"),
                )
            },
        ),
        ("Last failure", {"fields": (("error", "cause"), ("release", "payload_version"))}),
        (
            "Times",
            {
                "fields": (
                    ("made", "next_run"),
                    ("ended", "dirty"),
                    ("attempts_made", "attempts_used"),
                    "holder",
                )
            },
        ),
    )

    def above_list(self, request: HttpRequest) -> Mapping[str, object]:
        """What is said of the filter."""
        return {"bulk": bulk_of(request)}

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The youngest first; by the time of the failure where that is asked about."""
        # By id the planner would walk past every job that failed after the time that is asked about.
        asked = any(request.GET.get(name, "").strip() for name in EndedFilter.names)
        return ("-finished_at", "-pk") if asked else ("-pk",)

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
        return of_cause(queryset, term, state_in(request)), False

    def prepare(self, request: HttpRequest, rows: Sequence[Job]) -> None:
        """Links from the opaque ids, for who may see what they name."""
        fields = {"organisation_id": "organisation", "patient_id": "patient", "submitter_id": "submitter"}
        links.attach(request.user, rows, fields)
