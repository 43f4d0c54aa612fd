"""Editing a draft: its page, and the check of what is typed there."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from observations.admin.workbench.checking import PERMISSION, check
from observations.admin.workbench.forms import DraftForms
from observations.models import ScriptVersion
from observations.scripts.drafting import save_draft

_PATH = "edit"
_PUBLISHED = "It is published: what it says stays. Make a new draft of it instead."


class Editing(StaffModelAdmin):
    """What the admin of versions inherits: a button that edits a draft, the page behind it, and the check while typing."""

    actions_detail = ("edit",)

    def has_edit_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may change versions."""
        del obj
        return request.user.has_perm(PERMISSION)

    def get_urls(self) -> list[URLPattern]:
        """With the check, before what takes everything else for the id of a version."""
        checking = self.admin_site.admin_view(check)
        urls: list[URLPattern] = super().get_urls()
        return [path("check/", checking, name="observations_scriptversion_check"), *urls]

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The button, while it is a draft."""
        version = self.get_object(request, object_id)
        is_draft = version is not None and version.published_at is None
        buttons = super().get_actions_detail(request, object_id)
        return [button for button in buttons if is_draft or button.path != _PATH]

    @detail_button(title="Edit", path=_PATH, permission="edit")
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show a draft to be edited, and save what was typed."""
        version = self.get_object(request, object_id)
        if version is None:
            return self.not_there(request, object_id)
        if version.published_at is not None:
            self.message_user(request, _PUBLISHED, messages.ERROR)
            return HttpResponseRedirect(_page_of(version))
        draft = DraftForms(version, request.POST if request.method == "POST" else None)
        if request.method == "POST" and draft.is_valid() and self._save(request, version, draft):
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Edit the draft {version}",
            "opts": self.opts,
            "draft": draft,
            "back": _page_of(version),
        }
        return TemplateResponse(request, "admin/observations/workbench/edit.html", context)

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


def _page_of(version: ScriptVersion) -> str:
    return reverse("admin:observations_scriptversion_change", args=[version.pk])
