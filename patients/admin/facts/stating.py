"""The page on which a fact is stated by hand, beside what is stated already."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.reasons import ReasonForm
from patients.admin.by_hand.fields import since_field
from patients.admin.facts.panels import facts_panel
from patients.models import FactName, Patient
from patients.services.facts import state_fact_by_hand

_EXPLANATION = (
    "It holds from this time on, until a later one of its kind. What was computed as of that time or later with such a fact is "
    "computed anew. What is wrong in the table is not mended by this: say on its page that it was entered in error."
)


class StateFactForm(ReasonForm):
    """What, since when, and why."""

    name = forms.ChoiceField(label="Fact", choices=FactName.choices, widget=UnfoldAdminSelectWidget)
    value = forms.CharField(
        max_length=8,
        widget=UnfoldAdminTextInputWidget,
        help_text="Sex: female, male or other. Birth year: 1880 to 2100. SpO2 scale: 1 or 2.",
    )

    def __init__(self, patient: Patient, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.patient = patient
        self.fields["effective_from"] = since_field(patient.organisation.zone, "early, for what always held")
        # Asked last, and not where one begins to type.
        self.fields["reason"].widget.attrs.pop("autofocus", None)
        self.order_fields(["name", "value", "effective_from", "reason"])

    def act(self, actor: User) -> None:
        """State it. Raises RefusedError for what the service refuses."""
        answers = self.cleaned_data
        value = answers["value"]
        is_number = answers["name"] != FactName.SEX and value.isascii() and value.isdigit()
        state_fact_by_hand(
            actor=actor, patient=self.patient, **answers | {"value": int(value) if is_number else value}
        )


def state_fact(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Ask, and do it."""
    form = StateFactForm(patient, request.POST if request.method == "POST" else None)
    back = reverse("admin:patients_patient_change", args=[patient.pk])
    if form.is_valid():
        try:
            form.act(actor_of(request))
        except RefusedError as error:
            for refusal in error.refusals:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, "Stated. What follows from it is computed anew.")
            return HttpResponseRedirect(back)
    context = {
        **site.each_context(request),
        "title": f"State a fact: {patient.external_id}",
        "explanation": _EXPLANATION,
        "form": form,
        "facts": facts_panel(patient),
        "back": back,
        "opts": Patient._meta,  # noqa: SLF001 - Django's own name for it
    }
    return TemplateResponse(request, "admin/patients/state_fact.html", context)
