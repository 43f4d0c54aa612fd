"""The dry run of a bulk rerun, and starting it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.jobs.admin.rerun_cells import jobs_of_cause
from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.reruns import services
from clinical_engine.jobs.reruns.examination import Examination, examine
from clinical_engine.jobs.reruns.limits import RANGES, Limits
from clinical_engine.jobs.reruns.report import counted, shortly
from clinical_engine.jobs.selection import Selection, SelectionError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.cells import NOTHING, list_url
from clinical_engine.staff.reasons import ReasonForm

_CAUSES_SHOWN = 50
_FIELDS = {
    "rate": ("Jobs a second", "At most so many are set going each second."),
    "canary": (
        "Tried first",
        "So many jobs, spread evenly over all of them, are tried and waited for before the others. 0: none.",
    ),
    "failed_share": (
        "Failures allowed, in %",
        "It pauses by itself when more of the jobs that ended have failed again.",
    ),
}


class StartForm(ReasonForm):
    """Why, and within which limits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args, **kwargs)
        for name, lowest, highest in RANGES:
            label, help_text = _FIELDS[name]
            self.fields[name] = forms.IntegerField(
                label=label,
                help_text=help_text,
                min_value=lowest,
                max_value=highest,
                initial=getattr(Limits(), name),
                widget=UnfoldAdminIntegerFieldWidget,
            )


def start_view(request: HttpRequest) -> HttpResponse:
    """What would run again of what the address's filters choose, and a form that starts it."""
    if not request.user.has_perm("jobs.add_rerun"):
        raise PermissionDenied
    form = StartForm(request.POST if request.method == "POST" else None)
    try:
        selection = Selection.parse(request.GET.dict())
        if form.is_valid():
            return _start(request, selection, form.cleaned_data)
        return _page(request, form=form, **_dry_run(examine(selection), selection))
    except SelectionError as error:
        return _page(request, refusal=f"The address holds a filter that cannot be: {error}")
    except NotAllowedNowError as error:
        return _page(request, refusal=str(error), back=_list_of(selection))


def _start(request: HttpRequest, selection: Selection, answers: Mapping[str, Any]) -> HttpResponse:
    limits = Limits(answers["rate"], answers["canary"], answers["failed_share"])
    rerun = services.start(
        actor=actor_of(request), selection=selection, reason=answers["reason"], limits=limits
    )
    messages.success(request, f"Started: {counted(rerun.total)}.")
    return HttpResponseRedirect(reverse("admin:jobs_rerun_change", args=[rerun.pk]))


def _dry_run(examined: Examination, selection: Selection) -> dict[str, object]:
    limits = Limits()
    causes = [
        (cause.kind, jobs_of_cause(cause.fingerprint), f"{cause.jobs:,}", cause.error)
        for cause in examined.causes[:_CAUSES_SHOWN]
    ]
    unreadable = [
        (group.kind, group.version, f"{group.jobs:,}", group.reason) for group in examined.unreadable
    ]
    return {
        "back": _list_of(selection),
        "button": f"Run {counted(examined.jobs)} again",
        "examined": examined,
        "sentence": selection.sentence(),
        "numbers": {
            "Jobs": f"{examined.jobs:,}",
            "Patients": f"{examined.patients:,}",
            "Organisations": f"{examined.organisations:,}",
            "Left out": f"{examined.left_out:,}",
            "In another rerun": f"{examined.under_way:,}",
            f"At {limits.rate} a second": f"about {shortly(examined.duration(limits))}"
            if examined.jobs
            else NOTHING,
        },
        "kinds": {
            "headers": ("Kind", "Jobs"),
            "rows": [(kind, f"{jobs:,}") for kind, jobs in examined.kinds],
        },
        "causes": {"headers": ("Kind", "Cause", "Jobs", "Error"), "rows": causes},
        "more_causes": max(0, len(examined.causes) - _CAUSES_SHOWN),
        "unreadable": {"headers": ("Kind", "Format", "Jobs", "Why"), "rows": unreadable},
    }


def _page(request: HttpRequest, **context: object) -> HttpResponse:
    shown = {
        **site.each_context(request),
        "title": "Run all that match again",
        "opts": Rerun._meta,  # noqa: SLF001 - Django's own name for it
        "back": reverse("admin:jobs_job_changelist"),
        **context,
    }
    return TemplateResponse(request, "admin/jobs/rerun_new.html", shown)


def _list_of(selection: Selection) -> str:
    return list_url("admin:jobs_job_changelist", **selection.as_parameters())
