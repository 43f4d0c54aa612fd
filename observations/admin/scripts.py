"""Scripts and their versions: to be read."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import Tone, badge, code_block, json_block, moment_text, page_of
from clinical_engine.staff.filters import Choice, ChoiceFilter, RelatedFilter
from clinical_engine.staff.navigation import Menu
from observations.admin.workbench.editing import Editing
from observations.models import ObservationScript, ScriptVersion


@admin.register(ObservationScript)
class ObservationScriptAdmin(StaffModelAdmin):
    """The definition of a scripted observation; its versions are below it."""

    menu = Menu(40, "Scripts", "function")
    related = ("organisation",)
    list_display = ("title", "name", "owner", "newest", "newest_published")
    search_fields = ("name", "title")
    search_help_text = "Name or title"
    fieldsets = ((None, {"fields": (("title", "name"), ("owner", "newest_published"), ("created_at",))}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the numbers of the newest version, and of the newest that is published."""
        numbers = ScriptVersion.objects.filter(script=OuterRef("pk")).order_by("-number").values("number")
        rows: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                newest=Subquery(numbers[:1]),
                newest_in_force=Subquery(numbers.filter(published_at__isnull=False)[:1]),
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

    @admin.display(description="newest published")
    def newest_published(self, script: Any) -> SafeString:  # noqa: ANN401 - an annotated row
        """Computes what is as of now."""
        number = script.newest_in_force
        return badge("None published", Tone.WAITING) if number is None else badge(f"v{number}", Tone.GOOD)


class PublishedFilter(ChoiceFilter):
    """By whether the version was published."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "published": Choice("Published", lambda rows: rows.exclude(published_at=None)),
        "draft": Choice("Draft", lambda rows: rows.filter(published_at=None)),
    }


@admin.register(ScriptVersion)
class ScriptVersionAdmin(Editing):
    """One immutable version of a script."""

    menu = Menu(41, "Scripts", "history")
    related = ("script", "code", "edited_by")
    list_display = ("number", "of_script", "state", "code", "created_at")
    list_filter = (PublishedFilter, ("script", RelatedFilter))
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": (("of_script", "number"), ("state", "author"), ("code", "note"))}),
        ("Text", {"fields": ("language_version", "shown_source")}),
        ("Inputs, outputs and tests", {"fields": ("shown_inputs", "shown_outputs", "shown_tests")}),
    )

    @admin.display(description="script")
    def of_script(self, version: ScriptVersion) -> SafeString:
        """Leads to the script."""
        return page_of("admin:observations_observationscript_change", version.script_id, version.script.title)

    @admin.display(description="state")
    def state(self, version: ScriptVersion) -> SafeString:
        """Published when, or a draft."""
        if version.published_at is None:
            return badge("Draft", Tone.WAITING)
        return badge(f"Published {moment_text(version.published_at)}", Tone.GOOD)

    @admin.display(description="written by")
    def author(self, version: ScriptVersion) -> str:
        """The account, or nobody for what came with a release."""
        return "" if version.edited_by is None else version.edited_by.get_username()

    @admin.display(description="source")
    def shown_source(self, version: ScriptVersion) -> SafeString:
        """The script."""
        return code_block(version.source)

    @admin.display(description="inputs")
    def shown_inputs(self, version: ScriptVersion) -> SafeString:
        """What it reads."""
        return json_block(version.inputs)

    @admin.display(description="outputs")
    def shown_outputs(self, version: ScriptVersion) -> SafeString:
        """What its fields are filed under, and in which units."""
        return json_block(version.outputs)

    @admin.display(description="test cases")
    def shown_tests(self, version: ScriptVersion) -> SafeString:
        """All of them passed before it was published."""
        return json_block(version.test_cases)
