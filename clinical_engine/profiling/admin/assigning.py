"""Saying who looks after a finding and until when: the page with the form, and what it or the one on the statement's page sends."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.profiling import findings as services
from clinical_engine.profiling.admin.finding_forms import AssignForm
from clinical_engine.profiling.findings import ChangedMeanwhileError, former_of
from clinical_engine.profiling.models import Finding
from clinical_engine.staff.actors import actor_of

_STATEMENT = "admin:profiling_capturedstatement_change"
_CHANGED = (
    "Somebody changed it meanwhile, and nothing was saved. Below is what you typed, above it what stands now:"
    " saving again replaces that."
)


def assigned(request: HttpRequest, finding: Finding) -> HttpResponse:
    """The form; sent, back to the statement's page, or the form once more with what is wrong."""
    form = AssignForm(finding, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _form_page(request, finding, form)
    try:
        services.assign(finding, actor=actor_of(request), **form.cleaned_data)
    except RefusedError as error:
        for refusal in error.refusals:
            form.add_error(refusal.field, refusal.message)
        return _form_page(request, finding, form)
    except ChangedMeanwhileError as error:
        return _changed_page(request, error.standing)
    except NotAllowedNowError as error:
        messages.warning(request, str(error))
        return back_from(finding)
    messages.success(request, "Saved.")
    return back_from(finding)


def page_before(finding: Finding) -> str:
    """The address of the statement's page."""
    return reverse(_STATEMENT, args=[finding.statement_id])


def back_from(finding: Finding) -> HttpResponse:
    """Lead back there."""
    return HttpResponseRedirect(page_before(finding))


def _changed_page(request: HttpRequest, standing: Finding) -> HttpResponse:
    """What was typed, as an answer to what stands now."""
    typed = request.POST.copy()
    typed["version"] = str(standing.version)
    form = AssignForm(standing, typed)
    form.add_error(None, _CHANGED)
    last = former_of(standing)[0] if standing.former else None
    return _form_page(request, standing, form, {"standing": standing, "last": last})


def _form_page(
    request: HttpRequest, finding: Finding, form: AssignForm, more: dict[str, Any] | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": finding.get_kind_display(),
        "opts": Finding._meta,  # noqa: SLF001 - Django's own name for it
        "finding": finding,
        "form": form,
        "back": page_before(finding),
        **(more or {}),
    }
    return TemplateResponse(request, "admin/profiling/finding_form.html", context)
