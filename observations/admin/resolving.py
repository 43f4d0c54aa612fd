"""Resolving a conflict: both contents, what would follow, a reason, and done for good."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.reasons import ReasonForm, reason_in
from observations.admin.contents import both_contents
from observations.admin.outlook import outlook_of
from observations.intake import resolving
from observations.intake.prospects import Prospect, prospect_of
from observations.models import MeasurementConflict


@dataclass(frozen=True, slots=True)
class Deed:
    """A way to resolve a conflict, and the words for it."""

    path: str
    title: str
    explanation: str
    done: str
    service: Callable[..., object]


KEEP_FIRST = Deed(
    "keep-first",
    "The first stands",
    "Nothing that was computed changes: what was sent first counts already. What was sent later stays readable here.",
    "The first stands.",
    resolving.keep_first,
)
TAKE_SECOND = Deed(
    "take-second",
    "Take the second",
    "What was sent later becomes a measurement of its own that replaces the first. The first counts no longer, and stays readable; "
    "everything that was computed from it is computed anew, of both patients if they differ.",
    "The second is stored, and replaces the first as soon as the jobs of both have run.",
    resolving.take_second,
)


class Resolving(StaffModelAdmin):
    """What the admin of conflicts inherits: a button for each way to resolve one, and the page behind it."""

    actions_detail = ("keep_first", "take_second")

    def has_resolve_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may resolve conflicts: one who may see them."""
        del obj
        may_resolve = request.user.has_perm("observations.change_measurementconflict")
        return bool(may_resolve and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The buttons, while the conflict is unresolved; that to take the second only where that can be done."""
        conflict = self.get_object(request, object_id)
        prospect = None if conflict is None else open_prospect(conflict)
        idle = set() if prospect else {KEEP_FIRST.path}
        if prospect is None or prospect.obstacles:
            idle.add(TAKE_SECOND.path)
        buttons = super().get_actions_detail(request, object_id)
        return [button for button in buttons if button.path not in idle]

    @detail_button(title=KEEP_FIRST.title, path=KEEP_FIRST.path, permission="resolve")
    def keep_first(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then let the first content stand."""
        return self._resolve(request, object_id, KEEP_FIRST)

    @detail_button(title=TAKE_SECOND.title, path=TAKE_SECOND.path, permission="resolve")
    def take_second(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then put the second content in the place of the first."""
        return self._resolve(request, object_id, TAKE_SECOND)

    def _resolve(self, request: HttpRequest, object_id: str, deed: Deed) -> HttpResponse:
        conflict = self.get_object(request, object_id)
        if conflict is None:
            return self.not_there(request, object_id)
        reason, form = reason_in(request)
        if reason:
            try:
                deed.service(actor=actor_of(request), conflict_id=conflict.pk, reason=reason)
            except RefusedError as error:
                for refusal in error.refusals:
                    form.add_error(None, f"Not taken, and nothing was changed. {refusal.message}")
            except NotAllowedNowError as error:
                self.message_user(request, str(error), messages.WARNING)
                return HttpResponseRedirect(_page_of(conflict))
            else:
                self.message_user(request, deed.done, messages.SUCCESS)
                return HttpResponseRedirect(_page_of(conflict))
        return self._resolve_page(request, conflict, deed, form)

    def _resolve_page(
        self, request: HttpRequest, conflict: MeasurementConflict, deed: Deed, form: ReasonForm
    ) -> HttpResponse:
        prospect = open_prospect(conflict)
        can_be_done = prospect is not None and not (deed is TAKE_SECOND and prospect.obstacles)
        context = {
            **self.admin_site.each_context(request),
            "title": deed.title,
            "opts": self.opts,
            "deed": deed,
            "contents": both_contents(conflict),
            "also": _also(conflict) if deed is TAKE_SECOND else "",
            "outlook": outlook_of(conflict, prospect),
            "is_open": prospect is not None,
            "can_be_done": can_be_done,
            "form": form,
            "back": _page_of(conflict),
        }
        return TemplateResponse(request, "admin/observations/resolve.html", context)


def open_prospect(conflict: MeasurementConflict) -> Prospect | None:
    """What taking the second would come to; None when the conflict is resolved."""
    return prospect_of(conflict) if conflict.resolved_at is None else None


def _also(conflict: MeasurementConflict) -> str:
    if conflict.replaces in {"", conflict.measurement.replaces}:
        return ""
    return (
        f"The second says that it replaces {conflict.replaces}. A measurement replaces one only, so {conflict.replaces} will be "
        "entered in error, with your reason."
    )


def _page_of(conflict: MeasurementConflict) -> str:
    return reverse("admin:observations_measurementconflict_change", args=[conflict.pk])
