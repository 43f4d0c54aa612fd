"""Trying a version on a patient's data: what it gives beside what stands, each step by step, and as a test case."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import RefusedError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import detail_button
from clinical_engine.staff.cells import moment_text
from observations.admin.why.page import ending, lines
from observations.admin.workbench.asking import RehearsalForm
from observations.admin.workbench.editing import Editing, page_of
from observations.admin.workbench.forms import DraftForms
from observations.admin.workbench.plotting import drawing_of
from observations.admin.workbench.rehearsed import case_of, summary, table_of
from observations.admin.workbench.trying import try_stored
from observations.computing.rehearsing import rehearse, rehearse_step_by_step
from observations.computing.times import moment
from observations.engine import ScriptRefused
from observations.models import ScriptVersion
from observations.scripts.drafting import target_of
from patients.models import Patient

_PATH = "on-a-patient"
# The page shows the values of all three.
_PERMISSIONS = (
    "observations.rehearse_scriptversion",
    "observations.view_observation",
    "observations.view_measurement",
    "patients.view_patientfact",
)
_NOT_DUE = "No result is due as of that time any more. Run it again."
_Given = TypeVar("_Given")


class Rehearsing(Editing):
    """What the admin of versions inherits: the button 'Try on a patient', and the pages behind it."""

    actions_detail: Sequence[str] = (*Editing.actions_detail, "rehearse")

    def has_rehearse_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may run versions on patients' data, and see that data anyway."""
        del obj
        return bool(request.user.has_perms(_PERMISSIONS) and self.has_view_permission(request))

    def get_urls(self) -> list[URLPattern]:
        """With the page of a draft that has one more test case."""
        view = self.admin_site.admin_view(self.case_from_patient)
        name = "observations_scriptversion_case"
        return [path("<path:object_id>/edit/case/", view, name=name), *super().get_urls()]

    def ways(self, request: HttpRequest, version: ScriptVersion) -> list[tuple[str, str]]:
        """From the editor, too."""
        url = reverse("admin:observations_scriptversion_rehearse", args=[version.pk])
        own = [(url, "Try on a patient")] if self.has_rehearse_permission(request) else []
        return [*super().ways(request, version), *own]

    @detail_button(title="Try on a patient", path=_PATH, permission="rehearse")
    def rehearse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a patient and a period, and show what the version gives."""
        version = self.get_object(request, object_id)
        if version is None:
            return self.not_there(request, object_id)
        form = RehearsalForm(version, request.POST if request.method == "POST" else None)
        found = self._found(request, version, form) if form.is_valid() else {}
        context = {
            **self.admin_site.each_context(request),
            "title": f"Try on a patient: {version}",
            "opts": self.opts,
            "form": form,
            "back": page_of(version),
            **found,
        }
        return TemplateResponse(request, "admin/observations/workbench/rehearse.html", context)

    def case_from_patient(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page of a draft with one more test case, of the inputs as they were read as of a time. It is not saved."""
        if not (self.has_rehearse_permission(request) and self.has_edit_permission(request)):
            raise PermissionDenied
        version = self.get_object(request, object_id)
        if version is None:
            return self.not_there(request, object_id)
        if version.published_at is not None:
            return self.refuse_published(request, version)
        form = RehearsalForm(version, request.POST if request.method == "POST" else None)
        as_of = _time_in(request.POST.get("as_of", ""))
        if not form.is_valid() or as_of is None:
            return HttpResponseRedirect(
                reverse("admin:observations_scriptversion_rehearse", args=[version.pk])
            )
        patient = form.cleaned_data["patient"]
        found = self._computed(request, version, form, lambda: rehearse_step_by_step(version, patient, as_of))
        if found is None:
            self.message_user(request, _NOT_DUE, messages.WARNING)
            return self.draft_page(request, version, DraftForms(version), try_stored(version))
        version.test_cases = [*version.test_cases, case_of(found[0])]
        draft = DraftForms(version)
        draft.others.append(
            "The last test case has the readings of a patient. Say what is expected, change what could tell who it is, and save."
        )
        return self.draft_page(request, version, draft, try_stored(version))

    def _found(
        self, request: HttpRequest, version: ScriptVersion, form: RehearsalForm
    ) -> Mapping[str, object]:
        said = form.cleaned_data
        patient, as_of = said["patient"], _time_in(request.POST.get("step_by_step", ""))
        rehearsal = self._computed(
            request, version, form, lambda: rehearse(version, patient, said["since"], said["until"])
        )
        if rehearsal is None:
            return {}
        is_editable = version.published_at is None and self.has_edit_permission(request)
        return {
            "patient": patient,
            "summary": summary(rehearsal),
            "table": table_of(
                version, patient, rehearsal, only_differing=said["differing"], is_draft=is_editable
            ),
            "drawing": drawing_of(version, patient, rehearsal.results),
            "steps": None if as_of is None else _steps(version, patient, as_of),
        }

    def _computed(
        self, request: HttpRequest, version: ScriptVersion, form: RehearsalForm, compute: Callable[[], _Given]
    ) -> _Given | None:
        """What is computed with a patient's data, recorded; None, with what is wrong at the form, where it cannot be."""
        try:
            with transaction.atomic():
                _record(request, version, form)
                return compute()
        except (RefusedError, ScriptRefused) as error:
            form.add_error(None, f"The version cannot be run: {error}")
            return None


def _record(request: HttpRequest, version: ScriptVersion, form: RehearsalForm) -> None:
    said = form.cleaned_data
    patient: Patient = said["patient"]
    details = {
        "version": str(version.pk),
        "since": said["since"].isoformat(),
        "until": said["until"].isoformat(),
    }
    on_whom = audit.Target("patient", patient.pk, patient.organisation_id, details)
    audit.record(
        actor=actor_of(request),
        action="script.rehearse",
        targets=[target_of(version), on_whom],
        reason=said["reason"],
    )


def _steps(version: ScriptVersion, patient: Patient, as_of: datetime) -> Mapping[str, Any] | None:
    found = rehearse_step_by_step(version, patient, as_of)
    if found is None:
        return None
    _, run = found
    return {
        "as_of": moment_text(as_of, patient.organisation.zone),
        "lines": [*lines(version.source, run)],
        "ending": ending(run),
    }


def _time_in(text: str) -> datetime | None:
    """The time that a button stands for, in microseconds; None for what no page of ours sends."""
    try:
        return moment(int(text))
    except (ValueError, OverflowError):
        return None
