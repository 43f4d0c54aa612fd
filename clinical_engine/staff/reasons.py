"""Asking for a reason before something is done that the audit trail keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django import forms
from django.contrib.admin import site
from django.db.models import Model
from django.db.models.options import Options
from django.http import HttpRequest
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextInputWidget

MAX_LENGTH = 500


class ReasonForm(forms.Form):
    """Why something is done, in a sentence."""

    reason = forms.CharField(
        max_length=MAX_LENGTH,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "maxlength": MAX_LENGTH}),
        help_text="Kept in the audit trail. Name tickets and causes, never a patient.",
    )


@dataclass(frozen=True, slots=True)
class Question:
    """What is about to be done: in a heading, in a sentence or two, and on the button; `back` is where to go instead.

    `hidden` is sent along with the answer.
    """

    title: str
    explanation: str
    button: str
    back: str
    hidden: Mapping[str, Sequence[str]] = field(default_factory=dict)


def reason_in(request: HttpRequest) -> tuple[str, ReasonForm]:
    """The reason that was given, or '' and the form to ask with, which says what is wrong with the answer."""
    asked = request.method == "POST" and "reason" in request.POST
    form = ReasonForm(request.POST if asked else None)
    return (form.cleaned_data["reason"] if asked and form.is_valid() else ""), form


def ask(
    request: HttpRequest, question: Question, form: ReasonForm, opts: "Options[Model]"
) -> TemplateResponse:
    """The page that asks; it answers to the address that it is shown at."""
    context = {
        **site.each_context(request),
        "title": question.title,
        "question": question,
        "form": form,
        "opts": opts,
    }
    return TemplateResponse(request, "admin/staff/ask_reason.html", context)
