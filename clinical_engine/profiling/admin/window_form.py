"""Opening a window: the form."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelect2Widget

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.profiling.models import ProfilingWindow
from clinical_engine.profiling.silk import origins, windows
from clinical_engine.profiling.silk.open_windows import MOST_RECORDED
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.reasons import ReasonForm


def _choices() -> list[Any]:
    groups = [(group, [(each, each) for each in those]) for group, those in origins.choices().items()]
    # Otherwise the first of them would be recorded by whoever overlooks the field.
    return [("", "Choose"), *groups]


class WindowForm(ReasonForm):
    """What is recorded, for how long, how much of it, and why."""

    origin = forms.ChoiceField(
        label="Record",
        choices=_choices,
        widget=UnfoldAdminSelect2Widget,
        help_text="An address stands for all that match it; 'job' is a batch of that kind of jobs.",
    )
    minutes = forms.IntegerField(
        min_value=1,
        max_value=windows.LONGEST_MINUTES,
        initial=10,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="From now on. It ends by itself.",
    )
    per_cent = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=100,
        label="Share, in %",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="How many of them. What is recorded takes 3 to 5 times as long where it is short.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)
        self.order_fields(["origin", "minutes", "per_cent", "reason"])


def start_view(request: HttpRequest) -> HttpResponse:
    """The page with the form, and what it sends; the address may name an origin."""
    if request.method != "POST":
        asked = request.GET.get("origin", "")
        unknown = bool(asked) and not origins.is_known(asked)
        return _page(request, WindowForm(initial={"origin": asked}), unknown=unknown)
    form = WindowForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        window = windows.start(actor=actor_of(request), **form.cleaned_data)
    except RefusedError as error:
        for refusal in error.refusals:
            form.add_error(refusal.field, refusal.message)
        return _page(request, form)
    except NotAllowedNowError as error:
        form.add_error(None, str(error))
        return _page(request, form)
    messages.success(request, "Started. All processes know of it within seconds.")
    return HttpResponseRedirect(reverse("admin:profiling_profilingwindow_change", args=[window.pk]))


def _page(request: HttpRequest, form: WindowForm, *, unknown: bool = False) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": "Have silk record",
        "opts": ProfilingWindow._meta,  # noqa: SLF001 - Django's own name for it
        "form": form,
        "unknown": unknown,
        "most": f"{MOST_RECORDED:,}",
        "back": reverse("admin:profiling_profilingwindow_changelist"),
    }
    return TemplateResponse(request, "admin/profiling/window_new.html", context)
