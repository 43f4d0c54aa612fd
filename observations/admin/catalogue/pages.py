"""The page on which a code is added or changed."""

from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.staff.actors import actor_of
from observations.admin.catalogue.forms import CodeForm
from observations.catalogue.content import content_of
from observations.catalogue.services import change_code, create_code
from observations.models import Code

_OF_NEW = "Readings of it are taken as soon as it is saved. What was refused before was not kept."
_OF_CHANGE = (
    "Readings that are stored already stay as they are, with the flag that they got when they came in."
)


def add(request: HttpRequest) -> HttpResponse:
    """Ask for a code, and add it."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            code = create_code(
                actor=actor_of(request), content=form.content(), reason=form.cleaned_data["reason"]
            )
        except RefusedError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{code} is in the catalogue: readings of it are taken from now on.")
            return HttpResponseRedirect(_page_of(code))
    return _shown(request, form, ("Add a code", _OF_NEW), reverse("admin:observations_code_changelist"))


def change(request: HttpRequest, code: Code) -> HttpResponse:
    """Ask what a code is to say, and let it say that."""
    form = CodeForm(request.POST if request.method == "POST" else None, content=content_of(code))
    if form.is_valid():
        try:
            changed = change_code(
                actor=actor_of(request),
                code_id=code.pk,
                content=form.content(),
                seen=form.cleaned_data["seen"],
                reason=form.cleaned_data["reason"],
            )
        except RefusedError as error:
            form.refuse(error)
        except NotAllowedNowError as error:
            form.add_error(None, str(error))
        else:
            _tell(request, changed=changed)
            return HttpResponseRedirect(_page_of(code))
    return _shown(request, form, (f"Change {code}", _OF_CHANGE), _page_of(code))


def _tell(request: HttpRequest, *, changed: bool) -> None:
    if changed:
        messages.success(request, "Changed. It holds for every reading that comes in from now on.")
    else:
        messages.warning(request, "It says so already; nothing was changed.")


def _page_of(code: Code) -> str:
    return reverse("admin:observations_code_change", args=[code.pk])


def _shown(request: HttpRequest, form: CodeForm, head: tuple[str, str], back: str) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": head[0],
        "note": head[1],
        "form": form,
        "back": back,
        "opts": Code._meta,  # noqa: SLF001 - Django's own name for it
    }
    return TemplateResponse(request, "admin/observations/code_edit.html", context)
