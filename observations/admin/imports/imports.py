"""The list of imports, and the page of each: how far it has come, and what became of its lines."""

from collections.abc import Mapping

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.defaultfilters import pluralize
from django.urls import URLPattern, path, reverse
from django.views.decorators.csrf import csrf_exempt

from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin.long_work import LongWorkAdmin
from clinical_engine.staff.admin.steps import step_button
from clinical_engine.staff.filters import RelatedFilter, ValueFilter, YesNoFilter
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import Question
from observations.admin.imports import cells
from observations.admin.imports.columns import ImportColumns
from observations.admin.imports.filters import StandsStillFilter
from observations.admin.imports.panels import problems_page
from observations.admin.imports.uploading import upload
from observations.importing import services
from observations.importing.report import problems_as_csv
from observations.models import ImportState, MeasurementImport

_NAME = "observations_measurementimport"


def _question(file: MeasurementImport, back: str) -> Question:
    return Question(
        f"Cancel the import of {file.lines:,} line{pluralize(file.lines)}",
        f"No more of its lines are answered. What it has stored so far stands: {file.accepted + file.held:,} measurements."
        " Sending the file again later goes on from there: what is stored already is a duplicate then.",
        "Cancel the import",
        back,
    )


@admin.register(MeasurementImport)
class MeasurementImportAdmin(ImportColumns, LongWorkAdmin):
    """A file of measurements, and what became of its lines."""

    menu = Menu(34, "Measurements and results", "upload_file")
    list_before_template = "admin/staff/new_button.html"
    list_display = (
        "received",
        "of_organisation",
        "file_name",
        "state_badge",
        "is_dry_run",
        "shown_lines",
        "answered",
        "not_taken",
        "sender",
    )
    list_filter = (
        ("state", ValueFilter),
        StandsStillFilter,
        ("organisation", RelatedFilter),
        ("dry_run", YesNoFilter),
    )
    ordering = ("-pk",)
    actions_detail = ("cancel",)
    live_template = "admin/observations/import_live.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("of_organisation", "file_name"),
                    ("is_dry_run", "sender"),
                    ("received", "finished"),
                    ("job",),
                )
            },
        ),
    )

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Who may import files: one who may see what becomes of them."""
        may_import = request.user.has_perm("observations.add_measurementimport")
        return bool(may_import and self.has_view_permission(request))

    def has_cancel_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may cancel an import."""
        del obj
        return request.user.has_perm("observations.cancel_measurementimport")

    def get_urls(self) -> list[URLPattern]:
        """With the form, and the lines that were not taken."""
        protected = self.admin_site.admin_view
        return [
            # Its own check of the token comes before the body is read.
            path("new/", protected(csrf_exempt(self.upload_view)), name=f"{_NAME}_new"),
            path("<path:object_id>/problems/", protected(self.problems_view), name=f"{_NAME}_problems"),
            path("<path:object_id>/problems.csv", protected(self.report_view), name=f"{_NAME}_report"),
            *super().get_urls(),
        ]

    def above_list(self, request: HttpRequest) -> Mapping[str, object]:
        """The button that leads to the form, for who may import."""
        new_url = reverse(f"admin:{_NAME}_new") if self.has_import_permission(request) else ""
        return {"new_url": new_url, "new_title": "Import a file"}

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file, and take it."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        return upload(request)

    def problems_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The lines that were not taken, page by page."""
        file = self.work_of(request, object_id)
        return problems_page(request, file) if file else self.not_there(request, object_id)

    def report_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The lines that were not taken, as a CSV."""
        file = self.work_of(request, object_id)
        if file is None:
            return self.not_there(request, object_id)
        response = StreamingHttpResponse(problems_as_csv(file), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="import-{file.pk}.csv"'
        response.headers["Cache-Control"] = "no-store"
        return response

    cancel = step_button(
        path="cancel",
        title="Cancel the import",
        permission="cancel",
        question=_question,
        act=lambda request, file, reason: services.cancel(
            actor=actor_of(request), import_id=file.pk, reason=reason
        ),
    )

    def live(self, request: HttpRequest, file: MeasurementImport) -> Mapping[str, object]:
        """State, numbers and button."""
        is_moving = file.state == ImportState.IMPORTING
        may_cancel = is_moving and self.has_cancel_permission(request)
        return {
            "is_moving": is_moving,
            "badge": cells.state_badge(file),
            "summary": cells.summary(file),
            "sentences": list(cells.standing(file)),
            "bar": cells.bar(file),
            "numbers": cells.numbers(file),
            "cancel_url": reverse(f"admin:{_NAME}_cancel", args=[file.pk]) if may_cancel else "",
        }
