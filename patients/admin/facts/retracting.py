"""Saying that a fact was entered in error: what would follow, why, and done."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff import reasons
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.cells import moment_text
from patients.models import FactStatus, PatientFact
from patients.services.facts import retract_fact_by_hand

_BUTTON = "retract"
_EXPLANATION = (
    "Stated since {since}. It stops counting: what was computed as of that time or later with it is computed anew without it. "
    "It stays readable, with the reason. This cannot be undone: if it was right after all, it has to be stated again."
)


class RetractingFacts(StaffModelAdmin):
    """What the admin of facts inherits: the button 'Entered in error', and the page behind it."""

    actions_detail = (_BUTTON,)

    def has_retract_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may say so: one who may see facts."""
        del obj
        may_say = request.user.has_perm("patients.retract_patientfact")
        return bool(may_say and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The button, unless it was said before."""
        buttons = list(super().get_actions_detail(request, object_id))
        fact = self.get_object(request, object_id) if buttons else None
        return [] if fact is None or fact.status == FactStatus.ENTERED_IN_ERROR else buttons

    @detail_button(title="Entered in error", path="entered-in-error", permission="retract")
    def retract(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then say it."""
        fact = self.get_object(request, object_id)
        if fact is None:
            return self.not_there(request, object_id)
        reason, form = reasons.reason_in(request)
        if reason:
            try:
                return self._retracted(request, fact, reason)
            except RefusedError as error:
                form.add_error("reason", [refusal.message for refusal in error.refusals])
        return reasons.ask(request, _question(fact), form, self.opts)

    def _retracted(self, request: HttpRequest, fact: PatientFact, reason: str) -> HttpResponse:
        if retract_fact_by_hand(actor=actor_of(request), fact=fact, reason=reason):
            self.message_user(request, "Said. It counts no longer.", messages.SUCCESS)
        else:
            self.message_user(request, "It was said before; nothing was changed.", messages.WARNING)
        return HttpResponseRedirect(_page_of(fact))


def _question(fact: PatientFact) -> reasons.Question:
    return reasons.Question(
        title=f"Entered in error: {fact.get_name_display()} {fact.value} of {fact.patient.external_id}",
        explanation=_EXPLANATION.format(since=moment_text(fact.effective_from, fact.organisation.zone)),
        button="Say that it was entered in error",
        back=_page_of(fact),
    )


def _page_of(fact: PatientFact) -> str:
    return reverse("admin:patients_patientfact_change", args=[fact.pk])
