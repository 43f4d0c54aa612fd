"""The page on which a new script begins."""

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff.actors import actor_of
from observations.admin.scripts.refusing import refuse
from observations.models import ObservationScript
from observations.scripts.starting import start_script
from submitters.models import Organisation

_FORM = "small letters, digits and hyphens, a letter first"
_NOT_MEASURED = "Codes of measurements and of LOINC cannot be used"
_PATTERN = r"\A[a-z][a-z0-9-]*\Z"


class NewScriptForm(forms.Form):
    """What it is called, whose it is, and what its results are filed under."""

    name = forms.CharField(
        max_length=64,
        validators=[RegexValidator(_PATTERN, f"{_FORM}.".capitalize())],
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
        help_text="As other scripts and commands call it, such as 'shock-index'. It stays.",
    )
    title = forms.CharField(
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="As people call it, such as 'Shock index'.",
    )
    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.order_by("name"),
        required=False,
        empty_label="All organisations",
        widget=UnfoldAdminSelectWidget,
    )
    code = forms.CharField(
        max_length=64,
        validators=[RegexValidator(_PATTERN, f"{_NOT_MEASURED}: {_FORM}, such as 'shock-index'.")],
        widget=UnfoldAdminTextInputWidget,
        help_text=f"What its results are filed under: {_FORM}, such as 'shock-index'. {_NOT_MEASURED}; a code that there is not"
        " yet is made.",
    )


def create(request: HttpRequest) -> HttpResponse:
    """Ask, make the script with a first draft, and go on to its editor."""
    form = NewScriptForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            version = start_script(actor=actor_of(request), **form.cleaned_data)
        except RefusedError as error:
            refuse(form, error)
        else:
            messages.success(
                request, "The script is made, with a first draft from a template: write over it."
            )
            return HttpResponseRedirect(reverse("admin:observations_scriptversion_edit", args=[version.pk]))
    context = {
        **site.each_context(request),
        "title": "New script",
        "explanation": "It begins as a draft. Nothing is computed before a version is published by a second person.",
        "button": "Make the script",
        "form": form,
        "back": reverse("admin:observations_observationscript_changelist"),
        "opts": ObservationScript._meta,  # noqa: SLF001 - Django's own name for it
    }
    return TemplateResponse(request, "admin/observations/script_deed.html", context)
