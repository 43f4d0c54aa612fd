"""A new draft out of any version."""

from collections.abc import Sequence
from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import detail_button
from observations.admin.workbench.editing import Editing, edit_url, page_of
from observations.models import ScriptVersion
from observations.scripts.content import content_of
from observations.scripts.drafting import draft_version

_PATH = "draft-a-new-version"


class Redrafting(Editing):
    """What the admin of versions inherits: the button 'Draft a new version', and the page behind it."""

    actions_detail: Sequence[str] = ("redraft",)

    def has_redraft_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may write new versions."""
        del obj
        return request.user.has_perm("observations.add_scriptversion")

    @detail_button(title="Draft a new version", path=_PATH, permission="redraft")
    def redraft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what that is, make a draft that says what the version says, and go on to its editor."""
        version = self.get_object(request, object_id)
        if version is None:
            return self.not_there(request, object_id)
        if request.method == "POST":
            return self._redrafted(request, version)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Draft a new version from {version}",
            "explanation": "The draft begins as a copy of this version. Nobody's results change before it is published.",
            "button": "Draft it",
            "back": page_of(version),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/observations/script_deed.html", context)

    def _redrafted(self, request: HttpRequest, version: ScriptVersion) -> HttpResponse:
        content = replace(content_of(version), note=f"From v{version.number}")
        try:
            draft = draft_version(
                actor=actor_of(request), script=version.script, code=version.code.code, content=content
            )
        except RefusedError as error:
            self.message_user(request, f"Not drafted. {error}", messages.ERROR)
            return HttpResponseRedirect(page_of(version))
        self.message_user(request, f"v{draft.number} is drafted.", messages.SUCCESS)
        return HttpResponseRedirect(edit_url(draft))
