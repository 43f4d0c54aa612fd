"""Editing a draft: its page, the check of what is typed there, and its test cases run."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from observations.admin.workbench.checking import PERMISSION, check
from observations.admin.workbench.forms import DraftForms
from observations.admin.workbench.mending import Obstacle, obstacles
from observations.admin.workbench.trying import Trial, try_stored, try_typed
from observations.models import ScriptVersion
from observations.scripts.drafting import save_draft

_PATH = "edit"
_PUBLISHED = "It is published: what it says stays. Make a new draft of it instead."


class Editing(StaffModelAdmin):
    """What the admin of versions inherits: a button that edits a draft, the page behind it, and what it asks while one types."""

    actions_detail: Sequence[str] = ("edit",)

    def has_edit_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may change versions."""
        del obj
        return request.user.has_perm(PERMISSION)

    def get_urls(self) -> list[URLPattern]:
        """With the check and the test cases, before what takes everything else for the id of a version."""
        view, name = self.admin_site.admin_view, "observations_scriptversion"
        own = [
            path("check/", view(check), name=f"{name}_check"),
            path("<path:object_id>/edit/try/", view(self.try_cases), name=f"{name}_try"),
        ]
        return [*own, *super().get_urls()]

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The button, while it is a draft."""
        version = self.get_object(request, object_id)
        is_draft = version is not None and version.published_at is None
        buttons = super().get_actions_detail(request, object_id)
        return [button for button in buttons if is_draft or button.path != _PATH]

    @detail_button(title="Edit", path=_PATH, permission="edit")
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show a draft to be edited, with what its test cases give; and save what was typed."""
        version = self.get_object(request, object_id)
        if version is None:
            return self.not_there(request, object_id)
        if version.published_at is not None:
            return self.refuse_published(request, version)
        if request.method != "POST":
            return self.draft_page(request, version, DraftForms(version), try_stored(version))
        draft = DraftForms(version, request.POST)
        if draft.is_valid() and self._save(request, version, draft):
            return HttpResponseRedirect(edit_url(version))
        return self.draft_page(request, version, draft, try_typed(version, draft), obstacles(draft))

    def try_cases(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Run the test cases as they were typed, and save nothing: the page with what they give, or that alone as JSON."""
        if not self.has_edit_permission(request):
            raise PermissionDenied
        version = self.get_object(request, object_id)
        if version is None:
            return self.not_there(request, object_id)
        if request.method != "POST" or version.published_at is not None:
            return HttpResponseRedirect(edit_url(version))
        draft = DraftForms(version, request.POST)
        trial = try_typed(version, draft)
        if request.accepts("text/html"):
            return self.draft_page(request, version, draft, trial)
        return JsonResponse(
            {
                "sentence": trial.sentence,
                "is_green": trial.is_green,
                "outcomes": [outcome._asdict() for outcome in trial.outcomes],
            }
        )

    def draft_page(
        self,
        request: HttpRequest,
        version: ScriptVersion,
        draft: DraftForms,
        trial: Trial,
        refused: Sequence[Obstacle] = (),
    ) -> HttpResponse:
        """The page on which a draft is edited; `refused` is why it was not saved, told above the form."""
        draft.cases.show(trial.by_row)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Edit the draft {version}",
            "opts": self.opts,
            "draft": draft,
            "trial": trial,
            "refused": refused,
            "edit_url": edit_url(version),
            "try_url": reverse("admin:observations_scriptversion_try", args=[version.pk]),
            "ways": self.ways(request, version),
            "back": page_of(version),
        }
        return TemplateResponse(request, "admin/observations/workbench/edit.html", context)

    def ways(self, request: HttpRequest, version: ScriptVersion) -> list[tuple[str, str]]:
        """The addresses and names of what else is done with a draft as it was saved."""
        del request, version
        return []

    def refuse_published(self, request: HttpRequest, version: ScriptVersion) -> HttpResponse:
        """Say that a published version stays as it is, on its page."""
        self.message_user(request, _PUBLISHED, messages.ERROR)
        return HttpResponseRedirect(page_of(version))

    def _save(self, request: HttpRequest, version: ScriptVersion, draft: DraftForms) -> bool:
        try:
            changed = save_draft(
                actor=actor_of(request), version=version, content=draft.content(), seen=draft.seen
            )
        except RefusedError as error:
            draft.refuse(error)
        except NotAllowedNowError as error:
            draft.others.append(str(error))
        else:
            if changed:
                self.message_user(request, "Saved.", messages.SUCCESS)
            else:
                self.message_user(request, "It says so already; nothing was changed.", messages.WARNING)
            return True
        return False


def page_of(version: ScriptVersion) -> str:
    """The address of a version's page."""
    return reverse("admin:observations_scriptversion_change", args=[version.pk])


def edit_url(version: ScriptVersion) -> str:
    """Where a draft is edited."""
    return reverse("admin:observations_scriptversion_edit", args=[version.pk])
