"""The list of scripts, and the page of each."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import Tone, badge
from clinical_engine.staff.filters import Choice, ChoiceFilter
from clinical_engine.staff.navigation import Menu
from observations.admin.scripts import cells
from observations.admin.scripts.creating import create
from observations.admin.scripts.steering import Steering
from observations.models import ObservationScript, Publication, ScriptFailure, ScriptVersion
from observations.scripts.outdated import outdated

_NEW = "observations_observationscript_new"


class FailingFilter(ChoiceFilter):
    """By whether the script fails for anybody now, or has results that are not what is in force."""

    title = "health"
    parameter_name = "health"
    choices_by_value = {
        "failing": Choice(
            "Fails for somebody",
            lambda rows: rows.filter(
                pk__in=ScriptVersion.objects.filter(failures__isnull=False).values("script")
            ),
        ),
        "suspended": Choice(
            "A version is suspended",
            lambda rows: rows.filter(versions__suspended_at__isnull=False).distinct(),
        ),
        "outdated": Choice(
            "Results to bring in line",
            lambda rows: rows.filter(pk__in={one.script.pk for one in outdated()}),
        ),
    }


def _pinned() -> QuerySet[Any, Any]:
    """To how many organisations a version of their own applies now, by script."""
    own = Publication.objects.exclude(organisation=None).filter(effective_from__lte=Now())
    later = own.filter(
        script=OuterRef("script"), organisation=OuterRef("organisation"), pk__gt=OuterRef("pk")
    )
    pins = own.filter(~Exists(later), script=OuterRef("pk")).exclude(version=None)
    return pins.order_by().values("script").annotate(number=Count("pk")).values("number")


@admin.register(ObservationScript)
class ObservationScriptAdmin(Steering):
    """The definition of a scripted observation, with all that was ever put in force of it."""

    menu = Menu(40, "Scripts", "function")
    related = ("organisation",)
    list_before_template = "admin/staff/new_button.html"
    list_display = ("title", "name", "owner", "newest", "in_force", "health")
    list_filter = (FailingFilter,)
    search_fields = ("name", "title")
    search_help_text = "Name or title"
    fieldsets = ((None, {"fields": (("title", "name"), ("owner", "in_force"), ("created_at",))}),)

    class Media:
        css = {"all": ("patients/timeline.css", "observations/scripts.css")}

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Who may begin new scripts."""
        may_start = request.user.has_perms(
            ["observations.add_observationscript", "observations.add_scriptversion"]
        )
        return bool(may_start and self.has_view_permission(request))

    def get_urls(self) -> list[URLPattern]:
        """With the page that begins a script, before what takes everything else for an id."""
        return [path("new/", self.admin_site.admin_view(self.create), name=_NEW), *super().get_urls()]

    def create(self, request: HttpRequest) -> HttpResponse:
        """Begin a script."""
        if not self.has_start_permission(request):
            raise PermissionDenied
        return create(request)

    def above_list(self, request: HttpRequest) -> Mapping[str, object]:
        """The button that leads to the form, for who may begin a script."""
        new_url = reverse(f"admin:{_NEW}") if self.has_start_permission(request) else ""
        return {"new_url": new_url, "new_title": "New script"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the number of the newest version, of the one in force for all, and whether it is well."""
        numbers = ScriptVersion.objects.filter(script=OuterRef("pk")).order_by("-number").values("number")
        # Of those effective by now the one that was made last counts.
        made = Publication.objects.filter(
            script=OuterRef("pk"), organisation=None, effective_from__lte=Now()
        ).order_by("-pk")
        rows: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                newest=Subquery(numbers[:1]),
                number_in_force=Subquery(made.values("version__number")[:1]),
                pinned=Subquery(_pinned()),
                suspended=Subquery(numbers.filter(suspended_at__isnull=False)[:1]),
                failing=Subquery(
                    ScriptFailure.objects.filter(version__script=OuterRef("pk")).values("version__number")[:1]
                ),
            )
        )
        return rows

    @admin.display(description="for")
    def owner(self, script: ObservationScript) -> str:
        """One organisation, or all."""
        return "all organisations" if script.organisation is None else script.organisation.name

    @admin.display(description="newest version")
    def newest(self, script: Any) -> str:  # noqa: ANN401 - an annotated row
        """A draft may be newer than what is published."""
        return "" if script.newest is None else f"v{script.newest}"

    @admin.display(description="in force")
    def in_force(self, script: Any) -> SafeString:  # noqa: ANN401 - an annotated row
        """Computes what is as of now, for all who are not pinned; and how many are."""
        number = script.number_in_force
        for_all = badge("None", Tone.WAITING) if number is None else badge(f"v{number}", Tone.GOOD)
        if not script.pinned:
            return for_all
        return format_html("{} for all; {} pinned", for_all, cells.organisations(script.pinned))

    @admin.display(description="health")
    def health(self, script: Any) -> SafeString | str:  # noqa: ANN401 - an annotated row
        """Whether a version is suspended, or fails for somebody."""
        if script.suspended is not None:
            return badge(f"v{script.suspended} suspended", Tone.BAD)
        return "" if script.failing is None else badge("Fails for somebody", Tone.BAD)
