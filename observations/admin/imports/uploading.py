"""Sending a file: the form, within the bounds that uploads have, and the import that it becomes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget

from clinical_engine.api.uploads import TooManyUploadsError, place_to_upload
from clinical_engine.common.errors import RefusedError
from clinical_engine.common.lines.files import FORMS, form_of
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.reasons import ReasonForm
from observations.importing import services
from observations.importing.staging import BOUNDS
from observations.models import MeasurementImport
from submitters.models import Organisation

_CHUNK = 64 * 1024
# What a form has beside its file.
_ROOM = 64 * 1024
_SILENCE_SECONDS = 30.0
_ENDINGS = ", ".join(f".{ending}" for ending in FORMS)


class UploadForm(ReasonForm):
    """Which file, whose measurements, whether it is tried only, and why."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.order_by("name"),
        widget=UnfoldAdminSelectWidget,
        help_text="Whose patients the file is about. Patients that it does not know yet are created.",
    )
    file = forms.FileField(
        widget=forms.FileInput(
            attrs={"class": " ".join(INPUT_CLASSES), "accept": f"{_ENDINGS},.gz".replace(" ", "")}
        ),
        help_text=f"{_ENDINGS}, or one of them packed (.gz); at most {BOUNDS.lines:,} lines and"
        f" {BOUNDS.total_bytes // 1024**3} GB, unpacked.",
    )
    dry_run = forms.BooleanField(
        required=False,
        initial=True,
        label="Dry run",
        help_text="Every line gets its answer, and nothing is stored. Send the file again without to import it.",
    )
    field_order = ("organisation", "file", "dry_run", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)

    def clean_file(self) -> services.IncomingFile:
        """The file. Raises ValidationError when its name does not tell its form."""
        sent: UploadedFile[Any] = self.cleaned_data["file"]
        name = str(sent.name)
        told = form_of(name)
        if told is None:
            raise ValidationError(f"The name must end in {_ENDINGS}, or one of them with .gz.")
        return services.IncomingFile(name, *told, sent.chunks(_CHUNK))


def upload(request: HttpRequest) -> HttpResponse:
    """The page with the form, and what it sends. Exempt from the middleware's check of the token, which reads the whole body.

    The check is made here, once it is known that the body may be as large, and that there is room for it.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > BOUNDS.total_bytes + _ROOM:
        return _page(
            request, status=413, refusal=f"The file has more than {BOUNDS.total_bytes // 1024**3} GB."
        )
    if request.method != "POST":
        return _page(request, UploadForm())
    try:
        with place_to_upload(), _never_silent(request):
            answer: HttpResponse = csrf_protect(_received)(request)
    except TooManyUploadsError as error:
        return _page(request, UploadForm(), status=503, refusal=str(error.detail))
    return answer


def _received(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form)
    try:
        file = services.receive(actor=actor_of(request), **form.cleaned_data)
    except RefusedError as error:
        for refusal in error.refusals:
            form.add_error("file", f"{refusal.message} Nothing was stored.")
        return _page(request, form)
    messages.success(request, f"Received: {file.lines:,} line{pluralize(file.lines)}.")
    return HttpResponseRedirect(reverse("admin:observations_measurementimport_change", args=[file.pk]))


@contextmanager
def _never_silent(request: HttpRequest) -> Iterator[None]:
    """Give a body up of which nothing comes for half a minute: the server itself would wait for ever, in one of few places."""
    socket = request.META.get("gunicorn.socket")
    if socket is None:
        yield
        return
    before = socket.gettimeout()
    socket.settimeout(_SILENCE_SECONDS)
    try:
        yield
    finally:
        socket.settimeout(before)


def _page(
    request: HttpRequest, form: UploadForm | None = None, *, status: int = 200, refusal: str = ""
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": "Import measurements",
        "opts": MeasurementImport._meta,  # noqa: SLF001 - Django's own name for it
        "form": form,
        "refusal": refusal,
        "back": reverse("admin:observations_measurementimport_changelist"),
    }
    return TemplateResponse(request, "admin/observations/import_new.html", context, status=status)
