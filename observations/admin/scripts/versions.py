"""The list of script versions, and the page of each."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff import panels
from clinical_engine.staff.cells import code_block, json_block, moment_text, page_of
from clinical_engine.staff.filters import Choice, ChoiceFilter, RelatedFilter
from clinical_engine.staff.navigation import Menu
from observations.admin.scripts import cells
from observations.admin.scripts.fields import zone_of
from observations.admin.scripts.proposing import Proposing, is_proposed
from observations.admin.scripts.review import compared
from observations.admin.workbench.versions import Workbench
from observations.models import ScriptVersion
from observations.scripts.history import missing_since, suspended_in_force
from observations.scripts.publishing import SECOND_PERSON, is_second_person


class StateFilter(ChoiceFilter):
    """By how far the version has come."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "published": Choice("Published", lambda rows: rows.exclude(published_at=None)),
        "draft": Choice("Draft", lambda rows: rows.filter(published_at=None)),
        "proposed": Choice(
            "Waits for a second person",
            lambda rows: rows.filter(published_at=None).exclude(proposed_at=None),
        ),
        "suspended": Choice("Suspended, and in force", lambda rows: rows.filter(pk__in=suspended_in_force())),
    }


@admin.register(ScriptVersion)
class ScriptVersionAdmin(Proposing, Workbench):
    """One version of a script: a draft, or published and never changed from then on."""

    menu = Menu(41, "Scripts", "history")
    related = ("script__organisation", "code", "edited_by", "proposed_by")
    list_display = ("number", "of_script", "state", "code", "created_at")
    list_filter = (StateFilter, ("script", RelatedFilter))
    ordering = ("-pk",)
    actions_detail = (  # type: ignore[assignment]  # more of them than either has
        *Workbench.actions_detail,
        *Proposing.actions_detail,
    )
    fieldsets = (
        (None, {"fields": (("of_script", "number"), ("state", "author"), ("code", "note"), ("standing",))}),
        ("Text", {"fields": ("language_version", "shown_source")}),
        ("Inputs, outputs and tests", {"fields": ("shown_inputs", "shown_outputs", "shown_tests")}),
    )

    class Media:
        css = {"all": ("observations/scripts.css",)}

    def prepare(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Who looks, since what a proposal waits for depends on that."""
        for version in rows:
            version.looked_at_by = request.user

    @admin.display(description="script")
    def of_script(self, version: ScriptVersion) -> SafeString:
        """Leads to the script."""
        return page_of("admin:observations_observationscript_change", version.script_id, version.script.title)

    @admin.display(description="state")
    def state(self, version: ScriptVersion) -> SafeString:
        """Draft, proposed, published or suspended."""
        return cells.state_of(version)

    @admin.display(description="written by")
    def author(self, version: ScriptVersion) -> str:
        """The account, or that it came with a release."""
        return cells.name_of(version.edited_by)

    @admin.display(description="what that means")
    def standing(self, version: Any) -> str:  # noqa: ANN401 - a prepared row
        """Since when, by whom, and what follows."""
        if version.suspended_at is not None:
            return _suspended(version)
        if version.published_at is not None:
            return f"Published for the first time {moment_text(version.published_at)}. It is never changed."
        if not is_proposed(version):
            return "Nothing is computed by a draft. When its test cases pass it can be proposed."
        from_when = moment_text(version.proposed_effective_from, zone_of(version.script))
        by, when = cells.name_of(version.proposed_by), moment_text(version.proposed_at)
        proposed = f"Proposed by {by} {when}, to be in force from {from_when} on. "
        is_second = is_second_person(version.looked_at_by, version)
        return proposed + ("It waits for a second person." if is_second else SECOND_PERSON)

    @admin.display(description="source")
    def shown_source(self, version: ScriptVersion) -> SafeString:
        """The script."""
        return code_block(version.source)

    @admin.display(description="inputs")
    def shown_inputs(self, version: ScriptVersion) -> SafeString:
        """What it reads."""
        return json_block(version.declared)

    @admin.display(description="outputs")
    def shown_outputs(self, version: ScriptVersion) -> SafeString:
        """What its fields are filed under, and in which units."""
        return json_block(version.outputs)

    @admin.display(description="test cases")
    def shown_tests(self, version: ScriptVersion) -> SafeString:
        """All of them passed before it was published."""
        return json_block(version.cases)


def _suspended(version: ScriptVersion) -> str:
    missed = "Nothing has come due meanwhile."
    since = missing_since(version)
    if since is not None:
        missed = f"Results are missing as of {moment_text(since, zone_of(version.script))} and later."
    return (
        f"Suspended {moment_text(version.suspended_at)}: {version.suspended_because} It computes nothing where it is in force; "
        f"what it computed before stands, and other scripts go on. {missed} Put another version in force, or resume it when the "
        "cause is gone; then a backfill makes up for what is missing."
    )


def offer() -> None:
    """Register the panel of differences."""
    panels.register(
        "observations.scriptversion",
        panels.Panel(
            "What it changes",
            "observations.view_scriptversion",
            compared,
            "admin/observations/script_differences.html",
            position=5,
            applies=lambda version: version.published_at is None,
        ),
    )
