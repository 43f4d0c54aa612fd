"""Patients: linked to whom, since when, and everything that is known about one on one page."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.cells import Tone, badge, identifier, moment, page_of
from clinical_engine.staff.filters import Choice, ChoiceFilter, RelatedFilter, Rows
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.search import as_uuid
from patients.admin.by_hand.pages import MOVE, STATE_ACTIVE, STATE_INACTIVE, Deed, by_hand
from patients.admin.facts.stating import state_fact
from patients.admin.search import of_any_organisation
from patients.admin.timeline.panel import choose_span
from patients.models import Association, Patient, Statement
from submitters.models import Submitter


def _open_associations() -> QuerySet[Association]:
    return Association.objects.filter(patient=OuterRef("pk"), dissociated_at=None)


def _waiting_statements() -> QuerySet[Statement]:
    return Statement.objects.filter(patient=OuterRef("pk"), fulfilled_at=None)


class LinkedFilter(ChoiceFilter):
    """By whether the patient is linked to any submitter now."""

    title = "link"
    parameter_name = "linked"
    choices_by_value = {
        "yes": Choice("Linked", lambda rows: rows.filter(Exists(_open_associations()))),
        "no": Choice("Not linked", lambda rows: rows.filter(~Exists(_open_associations()))),
        "waiting": Choice("A statement waits", lambda rows: rows.filter(Exists(_waiting_statements()))),
    }


class SubmitterFilter(ChoiceFilter):
    """By the submitter to whom the patient is linked now."""

    title = "linked to submitter"
    parameter_name = "submitter"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """All submitters, with their organisations."""
        del request, model_admin
        submitters = Submitter.objects.select_related("organisation").order_by("organisation__name", "name")
        return [(str(submitter.pk), f"{submitter.organisation}: {submitter}") for submitter in submitters]

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The patients whose association with the submitter is open."""
        return rows.filter(Exists(_open_associations().filter(submitter_id=value)))


@admin.register(Patient)
class PatientAdmin(StaffModelAdmin):
    """A person known by the vitals app's id only."""

    menu = Menu(10, "Patients", "person")
    related = ("organisation",)
    list_display = ("external_id", "of_organisation", "linked", "since")
    list_filter = (("organisation", RelatedFilter), SubmitterFilter, LinkedFilter)
    search_fields = ("external_id",)
    search_help_text = "External id (or how it begins), or UUID"
    actions_detail = ("state_active", "state_inactive", "move", "state_a_fact")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("external_id", "of_organisation"),
                    ("linked", "since"),
                    ("shown_id", "first_heard_of"),
                )
            },
        ),
    )

    class Media:
        css = {"all": ("patients/timeline.css",)}

    def has_state_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may state by hand that a patient is active or inactive."""
        del obj
        return request.user.has_perm("patients.add_statement")

    def has_state_fact_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may state facts by hand: one who may see them."""
        del obj
        return request.user.has_perms(["patients.add_patientfact", "patients.view_patientfact"])

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The newest first; within one organisation by external id, where the unique index gives that order."""
        return ("external_id",) if "organisation__id__exact" in request.GET else ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the open associations, and whether a statement waits."""
        opened = _open_associations()
        rows: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                linked_to=ArraySubquery(opened.order_by("submitter__name").values("submitter__name")),
                linked_since=Subquery(opened.order_by("associated_at").values("associated_at")[:1]),
                has_waiting=Exists(_waiting_statements()),
            )
        )
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Patient], search_term: str
    ) -> tuple[QuerySet[Patient], bool]:
        """By our id, or by how the external id begins: never by a part of it, which no index could find."""
        del request
        term = search_term.strip()
        if not term:
            return queryset, False
        identifier_ = as_uuid(term)
        begins = of_any_organisation(external_id__startswith=term)
        return queryset.filter(begins if identifier_ is None else Q(pk=identifier_) | begins), False

    def prepare(self, request: HttpRequest, rows: Sequence[Patient]) -> None:
        """The stretch of time that a page's time line shows."""
        for patient in rows:
            choose_span(patient, request.GET.get("span", ""))

    @detail_button(title="State active", path="state-active", permission="state")
    def state_active(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask since when and why; show what would come of it; do it."""
        return self._by_hand(request, object_id, STATE_ACTIVE)

    @detail_button(title="State inactive", path="state-inactive", permission="state")
    def state_inactive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask since when and why; show what would come of it; do it."""
        return self._by_hand(request, object_id, STATE_INACTIVE)

    @detail_button(title="Move", path="move", permission="state")
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask from whom to whom, since when and why; show what would come of it; do it."""
        return self._by_hand(request, object_id, MOVE)

    @detail_button(title="State a fact", path="state-fact", permission="state_fact")
    def state_a_fact(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what, since when and why; do it."""
        patient = self.get_object(request, object_id)
        return state_fact(request, patient) if patient else self.not_there(request, object_id)

    def _by_hand(self, request: HttpRequest, object_id: str, deed: Deed) -> HttpResponse:
        patient = self.get_object(request, object_id)
        return by_hand(request, patient, deed) if patient else self.not_there(request, object_id)

    @admin.display(description="organisation")
    def of_organisation(self, patient: Patient) -> SafeString:
        """Leads to the organisation."""
        organisation = patient.organisation
        return page_of("admin:submitters_organisation_change", organisation.pk, organisation.name)

    @admin.display(description="linked to")
    def linked(self, patient: Any) -> SafeString:  # noqa: ANN401 - an annotated row
        """The submitters of the open associations; otherwise whether a link is to be expected."""
        if patient.linked_to:
            return badge(", ".join(patient.linked_to), Tone.GOOD)
        if patient.has_waiting:
            return badge("Not linked, a statement waits", Tone.BAD)
        return badge("Not linked", Tone.WAITING)

    @admin.display(description="since")
    def since(self, patient: Any) -> SafeString:  # noqa: ANN401 - an annotated row
        """Since when without a gap, in the organisation's zone."""
        return moment(patient.linked_since, patient.organisation.zone)

    @admin.display(description="UUID")
    def shown_id(self, patient: Patient) -> SafeString:
        """By which the API and the addresses of these pages name the patient."""
        return identifier(patient.pk)

    @admin.display(description="first heard of")
    def first_heard_of(self, patient: Patient) -> SafeString:
        """When the first statement or measurement came in."""
        return moment(patient.created_at, patient.organisation.zone)
