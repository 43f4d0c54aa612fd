"""Saying that a measurement was entered in error: what would follow, why, and done."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff import panels
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.cells import moment, moment_text, page_of
from clinical_engine.staff.expressions import COUNT_LIMIT, bounded
from clinical_engine.staff.reasons import ReasonForm, reason_in
from observations.admin.cells import computed, measured
from observations.admin.corrections import is_entered_in_error
from observations.admin.held import is_held
from observations.intake.retracting import retract_by_hand
from observations.models import Measurement, MeasurementStatus, Observation

_BUTTON = "retract"
_SHOWN = 10


class Retracting(StaffModelAdmin):
    """What the admin of measurements inherits: the button 'Entered in error', and the page behind it."""

    actions_detail = (_BUTTON,)

    def has_retract_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may say so: one who may see measurements."""
        del obj
        may_say = request.user.has_perm("observations.retract_measurement")
        return bool(may_say and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The buttons, without this one where it was said before."""
        buttons = list(super().get_actions_detail(request, object_id))
        if not self.has_retract_permission(request):
            return buttons
        measurement = self.get_object(request, object_id)
        is_of_use = measurement is not None and not is_entered_in_error(measurement)
        return [button for button in buttons if is_of_use or not button.action_name.endswith(_BUTTON)]

    @detail_button(title="Entered in error", path="entered-in-error", permission="retract")
    def retract(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why and show what would follow, then say it."""
        measurement = self.get_object(request, object_id)
        if measurement is None:
            return self.not_there(request, object_id)
        reason, form = reason_in(request)
        if reason:
            try:
                return self._retracted(request, measurement, reason)
            except RefusedError as error:
                form.add_error("reason", [refusal.message for refusal in error.refusals])
        return self._retract_page(request, measurement, form)

    def _retracted(self, request: HttpRequest, measurement: Measurement, reason: str) -> HttpResponse:
        said = retract_by_hand(actor=actor_of(request), measurement=measurement, reason=reason)
        job = page_of("admin:jobs_job_change", said.job_id, "its job")
        if said.is_new:
            text = format_html("Said. It stops counting as soon as {} has run.", job)
            self.message_user(request, text, messages.SUCCESS)
        else:
            text = format_html("It was said before ({}); nothing was changed.", job)
            self.message_user(request, text, messages.WARNING)
        return HttpResponseRedirect(_page_of(measurement))

    def _retract_page(self, request: HttpRequest, measurement: Measurement, form: ReasonForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Entered in error: {measurement.code.display}",
            "opts": self.opts,
            "what": _what(measurement),
            "sentence": _sentence(measurement),
            "observations": _observations(measurement),
            "form": form,
            "back": _page_of(measurement),
        }
        return TemplateResponse(request, "admin/observations/retract.html", context)


def using(measurement: Measurement) -> QuerySet[Observation]:
    """The current observations that were computed from a measurement, the earliest first."""
    # By patient and time first: the index of current observations serves, and containment is asked of few rows.
    return Observation.objects.filter(
        patient=measurement.patient_id,
        superseded_at=None,
        as_of__gte=measurement.measured_at,
        derived_from__contains=[measurement.pk],
    ).order_by("as_of")


def _what(measurement: Measurement) -> str:
    when = moment_text(measurement.measured_at, measurement.organisation.zone)
    value = measured(measurement)
    return f"{measurement.code.display} {value} of {measurement.patient.external_id}, measured {when}."


def _sentence(measurement: Measurement) -> str:
    if measurement.status == MeasurementStatus.REPLACED:
        return "A correction has replaced it already, so it does not count: only what it is called changes."
    if is_held(measurement):
        return "It is held, so nothing was computed from it. It will not count when its link lands."
    number = len(using(measurement).values_list("pk")[: COUNT_LIMIT + 1])
    if number == 0:
        return "It stops counting. No current observation was computed from it."
    which = "observation was" if number == 1 else "observations were"
    return (
        f"It stops counting. {bounded(number)} current {which} computed from it: each is computed anew without it, "
        "or superseded where nothing is left to compute it from."
    )


def _observations(measurement: Measurement) -> dict[str, object]:
    zone = measurement.organisation.zone
    rows = using(measurement).select_related("code", "script_version")[:_SHOWN]
    return panels.table(
        ("Observation", "Value now", "As of"),
        (
            (
                page_of("admin:observations_observation_change", row.pk, row.code.display),
                computed(row),
                moment(row.as_of, zone),
            )
            for row in rows
        ),
        empty="None.",
    )


def _page_of(measurement: Measurement) -> str:
    return reverse("admin:observations_measurement_change", args=[measurement.pk])
