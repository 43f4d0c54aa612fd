"""The page that asks, shows what would come of it, and does it."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff.actors import actor_of
from patients.admin.by_hand.foresight import Foreseen, foresee
from patients.admin.by_hand.forms import ByHandForm, MoveForm, StateActiveForm, StateInactiveForm
from patients.models import Patient

_CHANGED = "A statement came in meanwhile. This is what would come of it now; nothing has been done yet."


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is stated by hand: on the button that leads to it, in a sentence, and its form."""

    title: str
    explanation: str
    form: type[ByHandForm]


STATE_ACTIVE = Deed(
    "State active", "The patient counts as active with the submitter from this time on.", StateActiveForm
)
STATE_INACTIVE = Deed(
    "State inactive",
    "The patient counts as inactive with the submitter from this time on, until a later statement says otherwise.",
    StateInactiveForm,
)
MOVE = Deed(
    "Move",
    "The patient counts as inactive with the one submitter and as active with the other from this time on.",
    MoveForm,
)


def by_hand(request: HttpRequest, patient: Patient, deed: Deed) -> HttpResponse:
    """Ask; show what would come of the answers; do it once that was seen. What came in meanwhile is shown first."""
    form = deed.form(patient, request.POST if request.method == "POST" else None)
    step = request.POST.get("step", "")
    if not form.is_valid() or step == "change":
        return _page(request, deed, form)
    foreseen = foresee(patient, form.statements())
    if step == "confirm" and request.POST.get("seen") == foreseen.seen:
        return _done(request, deed, form)
    return _page(request, deed, form, foreseen, warning=_CHANGED if step == "confirm" else "")


def _done(request: HttpRequest, deed: Deed, form: ByHandForm) -> HttpResponse:
    try:
        form.act(actor_of(request))
    except RefusedError as error:
        for refusal in error.refusals:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return _page(request, deed, form)
    messages.success(request, "Stated. The associations show it as soon as its job has run.")
    return HttpResponseRedirect(_back(form.patient))


def _page(
    request: HttpRequest, deed: Deed, form: ByHandForm, foreseen: Foreseen | None = None, warning: str = ""
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": f"{deed.title}: {form.patient.external_id}",
        "deed": deed,
        "form": form,
        "foreseen": foreseen,
        "warning": warning,
        "back": _back(form.patient),
        "opts": Patient._meta,  # noqa: SLF001 - Django's own name for it
    }
    return TemplateResponse(request, "admin/patients/by_hand.html", context)


def _back(patient: Patient) -> str:
    return reverse("admin:patients_patient_change", args=[patient.pk])
