"""A button on a thing's page that asks for a reason, acts, and leads on."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.staff.admin.base import StaffModelAdmin, detail_button
from clinical_engine.staff.reasons import Question, ask, reason_in


def step_button(
    *,
    path: str,
    title: str,
    permission: str,
    question: Callable[[Any, str], Question],
    act: Callable[[HttpRequest, Any, str], str | None],
) -> Callable[..., HttpResponse]:
    """A method that is such a button, made by `detail_button`.

    `question` is given the thing and the address of its page. `act` is given the request, the thing and the reason, and
    gives the address to go on to where that is not the page. What it raises as NotAllowedNowError is told on the page:
    somebody else was first, or it was over meanwhile.
    """

    @detail_button(title=title, path=path, permission=permission)
    def step(self: StaffModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
        thing = self.get_object(request, object_id)
        if thing is None:
            return self.not_there(request, object_id)
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[thing.pk])
        reason, form = reason_in(request)
        if not reason:
            return ask(request, question(thing, page), form, self.opts)
        try:
            address = act(request, thing, reason)
        except NotAllowedNowError as error:
            self.message_user(request, str(error), messages.WARNING)
            return HttpResponseRedirect(page)
        return HttpResponseRedirect(address or page)

    return step
