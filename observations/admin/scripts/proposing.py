"""What is done with a version: proposed and published by two people, taken back, discarded, resumed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.admin.steps import step_button
from clinical_engine.staff.reasons import Question
from observations.admin.scripts.forms import ProposeForm, PublishForm
from observations.admin.scripts.refusing import refuse
from observations.admin.scripts.repair import repair_url
from observations.admin.scripts.review import review_of
from observations.models import ScriptVersion
from observations.scripts import drafting, publishing

_PUBLISH = "observations.publish_scriptversion"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that needs only a reason: the words for it, and when it is possible. `act` gives the address to go on to."""

    path: str
    title: str
    explanation: str
    done: str
    is_possible: Callable[[ScriptVersion], bool]
    act: Callable[[User, ScriptVersion, str], str]


def _take_back(actor: User, version: ScriptVersion, reason: str) -> str:
    publishing.take_back_proposal(actor=actor, version=version, reason=reason)
    return page_of(version)


def _discard(actor: User, version: ScriptVersion, reason: str) -> str:
    drafting.discard_draft(actor=actor, version=version, reason=reason)
    return reverse("admin:observations_observationscript_change", args=[version.script_id])


def _resume(actor: User, version: ScriptVersion, reason: str) -> str:
    since = publishing.resume(actor=actor, version=version, reason=reason)
    return page_of(version) if since is None else repair_url(version.script, since)


def is_draft(version: ScriptVersion) -> bool:
    """Whether it was never published."""
    return version.published_at is None


def is_proposed(version: ScriptVersion) -> bool:
    """Whether it waits for a second person."""
    return is_draft(version) and version.proposed_at is not None


TAKE_BACK = Deed(
    "take-back",
    "Take the proposal back",
    "It waits for nobody any more, and is a draft as before.",
    "The proposal is taken back.",
    is_proposed,
    _take_back,
)
DISCARD = Deed(
    "discard",
    "Discard",
    "The draft is deleted, with the comparisons that were made with it. That cannot be undone; the audit trail keeps that it was.",
    "The draft is discarded.",
    is_draft,
    _discard,
)
RESUME = Deed(
    "resume",
    "Resume",
    "It computes again from now on. If it still fails, it is suspended again after 20 patients in a row. Results that it missed "
    "meanwhile are made up for by a backfill, which the next page offers.",
    "It computes again.",
    lambda version: version.suspended_at is not None,
    _resume,
)
_POSSIBLE: dict[str, Callable[[ScriptVersion], bool]] = {
    "compare": is_draft,
    "propose": lambda version: is_draft(version) and not is_proposed(version),
    "publish": is_proposed,
    **{deed.path: deed.is_possible for deed in (TAKE_BACK, DISCARD, RESUME)},
}


def _button(deed: Deed, permission: str) -> Callable[..., HttpResponse]:
    def act(request: HttpRequest, version: ScriptVersion, reason: str) -> str:
        address = deed.act(actor_of(request), version, reason)
        messages.success(request, deed.done)
        return address

    def question(version: ScriptVersion, back: str) -> Question:
        return Question(f"{deed.title}: {version}", deed.explanation, deed.title, back)

    return step_button(path=deed.path, title=deed.title, permission=permission, question=question, act=act)


class Proposing(StaffModelAdmin):
    """What the admin of versions inherits: the buttons of what can be done with a version now, and the pages behind them."""

    actions_detail = ("propose", "publish", "take_back", "discard", "resume")

    def has_propose_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may write versions."""
        del obj
        may_write = request.user.has_perm("observations.change_scriptversion")
        return bool(may_write and self.has_view_permission(request))

    def has_publish_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may put versions in force."""
        del obj
        return bool(request.user.has_perm(_PUBLISH) and self.has_view_permission(request))

    def has_take_back_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may propose, or decide about it."""
        del obj
        return self.has_propose_permission(request) or self.has_publish_permission(request)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The buttons of what can be done now; 'Publish' only to a second person."""
        buttons = super().get_actions_detail(request, object_id)
        version = self.get_object(request, object_id) if buttons else None
        if version is None:
            return []
        possible = {path for path, is_possible in _POSSIBLE.items() if is_possible(version)}
        if not publishing.is_second_person(actor_of(request), version):
            possible.discard("publish")
        return [button for button in buttons if button.path in possible or button.path not in _POSSIBLE]

    @detail_button(title="Propose", path="propose", permission="propose")
    def propose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask a second person to put the draft in force."""
        return self._put_forward(request, object_id, ProposeForm)

    @detail_button(title="Publish", path="publish", permission="publish")
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put a proposed version in force, as the second person."""
        return self._put_forward(request, object_id, PublishForm)

    take_back = _button(TAKE_BACK, "take_back")
    discard = _button(DISCARD, "propose")
    resume = _button(RESUME, "publish")

    def _put_forward(
        self, request: HttpRequest, object_id: str, form_class: type[ProposeForm | PublishForm]
    ) -> HttpResponse:
        version = self.get_object(request, object_id)
        if version is None:
            return self.not_there(request, object_id)
        form = form_class(version, request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                address = form.act(actor_of(request))
            except RefusedError as error:
                refuse(form, error)
            except NotAllowedNowError as error:
                self.message_user(request, str(error), messages.WARNING)
                return HttpResponseRedirect(page_of(version))
            else:
                self.message_user(request, form.done, messages.SUCCESS)
                return HttpResponseRedirect(address)
        context = {
            **self.admin_site.each_context(request),
            **review_of(version),
            "title": f"{form.title}: {version}",
            "form": form,
            "obstacle": form.obstacle(actor_of(request)),
            "back": page_of(version),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/observations/script_publish.html", context)


def page_of(version: ScriptVersion) -> str:
    """The address of a version's page."""
    return reverse("admin:observations_scriptversion_change", args=[version.pk])
