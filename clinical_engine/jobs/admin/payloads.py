"""Editing the payload of a failed job: the original, what this release makes of it, and the edit, side by side."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.jobs.admin.payload_views import comparison_of
from clinical_engine.jobs.ledger.revisions import RevisedMeanwhileError
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.payloads import texts
from clinical_engine.jobs.payloads.drafts import Draft, draft_of, effective, known_kind
from clinical_engine.jobs.payloads.schemas import fields_of
from clinical_engine.jobs.payloads.services import Edit, last_number, revise_payload
from clinical_engine.jobs.registry import MAX_PAYLOAD_BYTES, JobKind, UnknownKindError
from clinical_engine.jobs.states import FAILED
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.reasons import ReasonForm

_BUTTON = "edit_payload"
_OUTDATED = "This page is out of date: open it again."


class EditForm(ReasonForm):
    """What a person makes of a payload, and why."""

    text = forms.CharField(
        label="Payload",
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={
                "rows": 14,
                "maxlength": MAX_PAYLOAD_BYTES,
                "spellcheck": "false",
                "autocomplete": "off",
                "class": "ce-payload-text",
            }
        ),
    )
    seen = forms.IntegerField(
        min_value=0,
        widget=forms.HiddenInput,
        error_messages={"required": _OUTDATED, "invalid": _OUTDATED, "min_value": _OUTDATED},
    )
    run_now = forms.BooleanField(required=False, initial=True, label="Run it now", widget=UnfoldBooleanWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args, **kwargs)
        # A narrow window would open below what is to be read first.
        self.fields["reason"].widget.attrs.pop("autofocus", None)


class PayloadEditor(StaffModelAdmin):
    """What the admin of jobs inherits: the button 'Edit payload' on the page of a failed job, and the page behind it."""

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 - Python's signature
        """Put the button beside those that the page has of its own."""
        super().__init_subclass__(**options)
        cls.actions_detail = (*cls.actions_detail, _BUTTON)

    def has_revise_payload_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may edit payloads: one who may see them."""
        del obj
        return bool(request.user.has_perm("jobs.revise_payload") and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The buttons, without this one where nothing could be saved."""
        buttons = list(super().get_actions_detail(request, object_id))
        job = self.get_object(request, object_id)
        editable = job is not None and not _obstacle(job, known_kind(job))
        return [button for button in buttons if editable or not button.action_name.endswith(_BUTTON)]

    @detail_button(title="Edit payload", path="edit-payload", permission="revise_payload")
    def edit_payload(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the payload beside its edit; save the edit as a revision."""
        job = self.get_object(request, object_id)
        if job is None:
            return self.not_there(request, object_id)
        if request.method != "POST":
            return self._page(request, job, None)
        form = EditForm(request.POST)
        if form.is_valid() and self._saves(request, job, form):
            return HttpResponseRedirect(_page_of(job))
        return self._page(request, job, form)

    def _saves(self, request: HttpRequest, job: Job, form: EditForm) -> bool:
        """Whether the edit was saved; what is wrong with it goes to the form, which keeps the text."""
        given = form.cleaned_data
        run_now = given["run_now"] and request.user.has_perm("jobs.run_job_again")
        edit = Edit(given["text"], given["seen"], given["reason"], run_now)
        try:
            number = revise_payload(actor=actor_of(request), job_id=job.pk, edit=edit)
        except RefusedError as error:
            form.add_error("text", [refusal.message for refusal in error.refusals])
        except RevisedMeanwhileError as error:
            # Told once: who saves again has seen the other's revision, and means it.
            form.data = {**request.POST.dict(), "seen": str(last_number(job))}
            form.add_error(
                None, f"{error} It is shown beside your text, which takes its place when you save again."
            )
        except NotAllowedNowError as error:
            form.add_error(None, str(error))
        except UnknownKindError:
            form.add_error(None, _unknown(job))
        else:
            runs = "The job runs now." if run_now else "The job stays as it is until somebody runs it again."
            self.message_user(request, f"Revision {number} is saved. {runs}", messages.SUCCESS)
            return True
        return False

    def _page(self, request: HttpRequest, job: Job, form: EditForm | None) -> HttpResponse:
        job.refresh_from_db(fields=["state", "revised_payload", "revised_version"])
        kind = known_kind(job)
        obstacle = _obstacle(job, kind)
        draft = draft_of(kind, job) if kind and not obstacle else None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Edit the payload of {job.kind} {job.pk}",
            "opts": self.opts,
            "job": job,
            "page": _page_of(job),
            "comparison": comparison_of(job),
            "draft": draft,
            "form": form or (draft and _empty_form(job, draft)),
            "may_run": request.user.has_perm("jobs.run_job_again"),
            "obstacle": obstacle,
            "schema": _schema(kind, draft) if kind and draft else None,
        }
        return TemplateResponse(request, "admin/jobs/payload_edit.html", context)


def _empty_form(job: Job, draft: Draft) -> EditForm:
    text = texts.to_edit(draft.payload)
    return EditForm(initial={"text": text, "seen": last_number(job), "run_now": True})


def _obstacle(job: Job, kind: JobKind | None) -> str:
    """Why nothing can be saved now, or ''."""
    if kind is None:
        return _unknown(job)
    if job.state not in FAILED:
        state = job.get_state_display().lower()
        return f"Only a failed job's payload can be edited, and this job is: {state}."
    _, version = effective(job)
    if version > kind.version:
        return f"Format {version} is newer than this release reads ({kind.version}): edit it on a release that reads it."
    return ""


def _unknown(job: Job) -> str:
    return f"This release does not know the kind {job.kind}: nobody can say what its payload must be."


def _schema(kind: JobKind, draft: Draft) -> dict[str, object]:
    """The fields to fill in, and in which format they are."""
    is_written = draft.version == kind.written_version
    schema = (kind.written_schema if is_written else None) or kind.schema
    return {"version": draft.version, "newest": kind.version, "fields": fields_of(schema)}


def _page_of(job: Job) -> str:
    return reverse("admin:jobs_job_change", args=[job.pk])
