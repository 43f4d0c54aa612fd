"""Comparing a version with what is in force: starting it, and what the comparisons of a version gave."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff import panels
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import detail_button
from clinical_engine.staff.cells import Tone, badge, moment_text, page_of
from clinical_engine.staff.reasons import ReasonForm
from observations.admin.backfills.cells import period, scope, state_badge
from observations.admin.scripts.refusing import refuse
from observations.admin.workbench.editing import Editing
from observations.admin.workbench.editing import page_of as page_of_version
from observations.backfill.comparing import OutputChanges
from observations.backfill.report import spread
from observations.backfill.services import start_backfill
from observations.models import Backfill, BackfillState, ScriptVersion
from submitters.models import Organisation

_PATH = "compare"
_USUAL_DAYS = 30
_MOST_DAYS = 3_660
_SHOWN = 20
_EXPLANATION = (
    "Every result of the period is computed by this version as it is saved, and held against what is in force. Nothing is stored "
    "but how many results change, by how much and for how many patients."
)
_NOT_COMPARED = (
    "This text was not compared with what is in force: nobody has seen how many results it changes, or for how many "
    "patients."
)


class ComparisonForm(ReasonForm):
    """How far back, and for whom."""

    days = forms.IntegerField(
        min_value=1,
        max_value=_MOST_DAYS,
        initial=_USUAL_DAYS,
        label="Days",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="How far back from now: results as of then and later are compared.",
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.order_by("name"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label="All organisations",
    )
    field_order = ("days", "organisation", "reason")


class Comparing(Editing):
    """What the admin of versions inherits: the button 'Compare', and the page behind it."""

    actions_detail: Sequence[str] = ("compare",)

    def has_compare_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may run versions without storing results, on one patient or on all, or may start backfills."""
        del obj
        permissions = ("observations.rehearse_scriptversion", "observations.add_backfill")
        may_start = any(map(request.user.has_perm, permissions))
        return bool(may_start and request.user.has_perm("observations.view_backfill"))

    def ways(self, request: HttpRequest, version: ScriptVersion) -> list[tuple[str, str]]:
        """From the editor, too."""
        url = reverse("admin:observations_scriptversion_compare", args=[version.pk])
        own = [(url, "Compare")] if self.has_compare_permission(request) else []
        return [*super().ways(request, version), *own]

    @detail_button(title="Compare", path=_PATH, permission="compare")
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how far back and for whom, start the comparison, and go on to its page."""
        version = self.get_object(request, object_id)
        if version is None:
            return self.not_there(request, object_id)
        form = ComparisonForm(
            request.POST if request.method == "POST" else None,
            initial={"reason": f"What v{version.number} would change"},
        )
        if form.is_valid():
            try:
                comparison = _start(request, version, form)
            except RefusedError as error:
                refuse(form, error)
            else:
                return HttpResponseRedirect(
                    reverse("admin:observations_backfill_change", args=[comparison.pk])
                )
        context = {
            **self.admin_site.each_context(request),
            "title": f"Compare: {version}",
            "explanation": _EXPLANATION,
            "button": "Compare",
            "form": form,
            "back": page_of_version(version),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/observations/script_deed.html", context)


def _start(request: HttpRequest, version: ScriptVersion, form: ComparisonForm) -> Backfill:
    said = form.cleaned_data
    return start_backfill(
        actor=actor_of(request),
        script=version.script,
        organisation=said["organisation"],
        since=timezone.now() - timedelta(days=said["days"]),
        until=None,
        reason=said["reason"],
        candidate=version,
    )


def not_compared(version: ScriptVersion) -> str:
    """What a publisher is told when no comparison of the very text of a draft is done; '' when one is. One query at most."""
    if version.published_at is not None or _of_this_text(version).filter(state=BackfillState.DONE).exists():
        return ""
    return _NOT_COMPARED


def _of_this_text(version: ScriptVersion) -> QuerySet[Backfill]:
    return Backfill.objects.filter(candidate=version, started_at__gte=version.edited_at)


def _comparisons(version: ScriptVersion) -> Mapping[str, object]:
    rows = Backfill.objects.filter(candidate=version).select_related("organisation").order_by("-pk")
    return panels.table(
        ("Started", "Of", "As of", "State", "Text", "Would change", "Of patients", "By how much"),
        (
            (
                page_of("admin:observations_backfill_change", one.pk, moment_text(one.started_at)),
                scope(one),
                period(one),
                state_badge(one),
                _text_of(version, one),
                f"{one.results_changed:,} of {one.results:,} results",
                f"{one.patients_changed:,} of {one.patients_done:,}",
                "; ".join(_changes(one)),
            )
            for one in rows[:_SHOWN]
        ),
        empty=_NOT_COMPARED if version.published_at is None else "None.",
    )


def _text_of(version: ScriptVersion, one: Backfill) -> object:
    is_older = one.started_at < version.edited_at
    return badge("An earlier text", Tone.WAITING) if is_older else badge("This text", Tone.GOOD)


def _changes(one: Backfill) -> Iterator[str]:
    """What changes of each output, in words."""
    for name, stored in one.changes.items():
        changes = OutputChanges.stored(stored)
        common = ", ".join(f"{kind} ({number:,})" for kind, number in changes.transitions.most_common(2))
        said = ", ".join(filter(None, [f"{changes.changed:,} changed", spread(changes), common]))
        yield f"{name}: {said}"


def offer() -> None:
    """Register the panel of comparisons."""
    panels.register(
        "observations.scriptversion",
        panels.Panel("Comparisons", "observations.view_backfill", _comparisons, position=6),
    )
