"""The buttons of a script's page, and the pages behind them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from observations.admin.scripts import cells
from observations.admin.scripts.deeds import DEEDS, PIN, ROLL_BACK, UNPIN, WITHDRAW, Deed, DeedForm
from observations.admin.scripts.panels import in_force
from observations.admin.scripts.refusing import refuse
from observations.admin.scripts.repair import repair_url, repair_view
from observations.models import ObservationScript, Publication
from observations.scripts.history import History, history_of
from observations.scripts.starting import new_draft, number_of

_DRAFT = "draft"
_DRAFTING = (
    "The draft begins as a copy of what is in force for all. Nobody's results change before it is published."
)
PUBLISH = "observations.publish_scriptversion"


class Steering(StaffModelAdmin):
    """What the admin of scripts inherits: buttons for what may be done now, and the page that proposes the backfill afterwards."""

    actions_detail = (_DRAFT, "roll_back", "pin", "lift_pin", "withdraw")

    def has_draft_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may write versions."""
        del obj
        return request.user.has_perm("observations.add_scriptversion")

    def has_publish_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may put versions in force, and take them out of it."""
        del obj
        return bool(request.user.has_perm(PUBLISH) and self.has_view_permission(request))

    def get_urls(self) -> list[URLPattern]:
        """With the page that proposes a backfill."""
        repair = self.admin_site.admin_view(self.repair)
        name = "observations_observationscript_repair"
        return [path("<path:object_id>/repair/", repair, name=name), *super().get_urls()]

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The buttons of what can be done now."""
        buttons = super().get_actions_detail(request, object_id)
        script = self.get_object(request, object_id) if buttons else None
        if script is None:
            return []
        history = history_of(script)
        blocked = {deed.path for deed in DEEDS if deed.form.obstacle(script, history)}
        return [button for button in buttons if button.path not in blocked]

    @detail_button(title="New draft", path=_DRAFT, permission="draft")
    def draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Draft a version from what is in force, and go on to its editor."""
        script = self.get_object(request, object_id)
        if script is None:
            return self.not_there(request, object_id)
        if request.method != "POST":
            return self._draft_page(request, script)
        seen = request.POST.get("newest", "")
        try:
            version = new_draft(
                actor=actor_of(request), script=script, newest=int(seen) if seen.isdecimal() else None
            )
        except NotAllowedNowError as error:
            self.message_user(request, str(error), messages.WARNING)
            return HttpResponseRedirect(page_of(script))
        except RefusedError as error:
            for refusal in error.refusals:
                self.message_user(request, f"Not drafted. {refusal.message}", messages.ERROR)
            return HttpResponseRedirect(page_of(script))
        self.message_user(request, f"v{version.number} is drafted.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:observations_scriptversion_edit", args=[version.pk]))

    @detail_button(title=ROLL_BACK.title, path=ROLL_BACK.path, permission="publish")
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put an older version in force again."""
        return self._do(request, object_id, ROLL_BACK)

    @detail_button(title=PIN.title, path=PIN.path, permission="publish")
    def pin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep an organisation on a version."""
        return self._do(request, object_id, PIN)

    @detail_button(title=UNPIN.title, path=UNPIN.path, permission="publish")
    def lift_pin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let an organisation follow the others again."""
        return self._do(request, object_id, UNPIN)

    @detail_button(title=WITHDRAW.title, path=WITHDRAW.path, permission="publish")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the script compute nothing any more."""
        return self._do(request, object_id, WITHDRAW)

    def repair(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How many results stand that may have to be computed anew, and the way to that."""
        script = self.get_object(request, object_id) if self.has_view_permission(request) else None
        return self.not_there(request, object_id) if script is None else repair_view(request, script)

    def _do(self, request: HttpRequest, object_id: str, deed: Deed) -> HttpResponse:
        script = self.get_object(request, object_id)
        if script is None:
            return self.not_there(request, object_id)
        history = history_of(script)
        if obstacle := deed.form.obstacle(script, history):
            self.message_user(request, f"{obstacle} Nothing was changed.", messages.WARNING)
            return HttpResponseRedirect(page_of(script))
        form = deed.form(script, history, request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                publication = form.act(actor_of(request))
            except RefusedError as error:
                refuse(form, error)
            except NotAllowedNowError as error:
                self.message_user(request, str(error), messages.WARNING)
                return HttpResponseRedirect(request.path)
            else:
                self.message_user(request, _done(publication, history), messages.SUCCESS)
                since, organisation_id = publication.effective_from, publication.organisation_id
                return HttpResponseRedirect(repair_url(script, since, organisation_id))
        return self._deed_page(request, script, deed, form)

    def _deed_page(
        self, request: HttpRequest, script: ObservationScript, deed: Deed, form: DeedForm
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{deed.title}: {script.title}",
            "explanation": deed.explanation,
            "button": deed.title,
            "form": form,
            "table": in_force(script),
            "table_title": "In force now",
            "back": page_of(script),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/observations/script_deed.html", context)

    def _draft_page(self, request: HttpRequest, script: ObservationScript) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"New draft: {script.title}",
            "explanation": _DRAFTING,
            "newest": str(number_of(script.versions.order_by("-number").first())),
            "button": "Make the draft",
            "table": in_force(script),
            "table_title": "In force now",
            "back": page_of(script),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/observations/script_deed.html", context)


def _done(publication: Publication, before: History) -> str:
    """What was done, for whom and from when; and to whom it does not apply, since they are pinned."""
    done = (
        f"{cells.what(publication)}, for {cells.for_whom(publication)}, from {cells.from_when(publication)}."
    )
    pinned = 0 if publication.organisation_id else len(before.pins(timezone.now()))
    stays = "stays" if pinned == 1 else "stay"
    return f"{done} {cells.organisations(pinned)} {stays} pinned." if pinned else done


def page_of(script: ObservationScript) -> str:
    """The address of a script's page."""
    return reverse("admin:observations_observationscript_change", args=[script.pk])
