"""Starting a backfill or a comparison: the form."""

from collections.abc import Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.reasons import ReasonForm
from clinical_engine.staff.search import as_uuid
from observations.admin.scripts.fields import time_in
from observations.backfill import services
from observations.models import Backfill, BackfillState, ObservationScript, ScriptVersion
from patients.admin.by_hand.fields import ClockTimeField
from submitters.models import Organisation

AGAIN = "of"
"""The parameter with the dry run that is to be done for real."""
_UTC = ZoneInfo("UTC")
_Row = TypeVar("_Row", bound=Model)
_ZONE = "As the clocks show it in the organisation's time zone; for all organisations in UTC."


class StartForm(ReasonForm):
    """Which results, whether it is tried only, how fast, and why."""

    script = forms.ModelChoiceField(
        ObservationScript.objects.order_by("title"), widget=UnfoldAdminSelectWidget
    )
    candidate = forms.ModelChoiceField(
        ScriptVersion.objects.select_related("script").order_by("script__title", "-number"),
        required=False,
        label="Compare with",
        widget=UnfoldAdminSelectWidget,
        help_text="A version of the script, a draft too: what would change if it were published for all and in force since the"
        " beginning of the period. Always a dry run.",
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.order_by("name"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label="All organisations",
    )
    rate = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=services.HIGHEST_RATE,
        label="Patients a second",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="At most; empty: as fast as it goes beside live work.",
    )
    dry_run = forms.BooleanField(
        required=False,
        initial=True,
        label="Dry run",
        help_text="Tells what would change, and stores nothing. Its page then offers to do it.",
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        zone = _zone_of((data or initial or {}).get("organisation"))
        self.fields["since"] = ClockTimeField(zone=zone, label="As of, from", help_text=_ZONE)
        self.fields["until"] = ClockTimeField(
            zone=zone, required=False, label="As of, to", help_text="Included; empty: all later results."
        )
        self.fields["reason"].widget.attrs.pop("autofocus", None)
        self.order_fields(
            ["script", "candidate", "organisation", "since", "until", "rate", "dry_run", "reason"]
        )


def start(request: HttpRequest) -> HttpResponse:
    """The page with the form, and what it sends."""
    if request.method != "POST":
        return _page(request, StartForm(initial=_initial(request)))
    form = StartForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        backfill = services.start_backfill(actor=actor_of(request), **form.cleaned_data)
    except RefusedError as error:
        for refusal in error.refusals:
            known = refusal.field in form.fields
            form.add_error(
                refusal.field if known else "candidate",
                refusal.message if known else f"{refusal.field}: {refusal.message}",
            )
        return _page(request, form)
    messages.success(request, "Started.")
    return HttpResponseRedirect(reverse("admin:observations_backfill_change", args=[backfill.pk]))


def again_url(backfill: Backfill) -> str:
    """Where a dry run that is done can be done for real; '' of what is none."""
    if not backfill.dry_run or backfill.candidate_id or backfill.state != BackfillState.DONE:
        return ""
    return f"{reverse('admin:observations_backfill_new')}?{AGAIN}={backfill.pk}"


def _initial(request: HttpRequest) -> dict[str, Any]:
    """What the address says: a dry run to be done for real, a version to compare with, or what a publication leaves to be done."""
    tried = _named(Backfill.objects.select_related("organisation"), request, AGAIN)
    if tried is not None:
        same = ("script", "organisation", "since", "until", "rate", "reason")
        return {**{name: getattr(tried, name) for name in same}, "dry_run": False}
    candidate = _named(ScriptVersion.objects.select_related("script"), request, "candidate")
    asked = {
        "candidate": candidate,
        "script": candidate.script
        if candidate
        else _named(ObservationScript.objects.all(), request, "script"),
        "organisation": _named(Organisation.objects.all(), request, "organisation"),
        "since": time_in(request.GET.get("since", "")),
        "reason": request.GET.get("reason", ""),
    }
    return {name: value for name, value in asked.items() if value}


def _named(rows: QuerySet[_Row], request: HttpRequest, name: str) -> _Row | None:
    key = as_uuid(request.GET.get(name, ""))
    return rows.filter(pk=key).first() if key else None


def _zone_of(organisation: object) -> ZoneInfo:
    if isinstance(organisation, Organisation):
        return organisation.zone
    key = as_uuid(str(organisation or ""))
    found = Organisation.objects.filter(pk=key).first() if key else None
    return _UTC if found is None else found.zone


def _page(request: HttpRequest, form: StartForm) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": "New backfill",
        "opts": Backfill._meta,  # noqa: SLF001 - Django's own name for it
        "form": form,
        "back": reverse("admin:observations_backfill_changelist"),
    }
    return TemplateResponse(request, "admin/observations/backfill_new.html", context)
