"""The audit trail, to be read."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.audit.models import AuditEntry
from clinical_engine.staff import links
from clinical_engine.staff.admin.base import StaffModelAdmin
from clinical_engine.staff.cells import identifier, json_block, precise_moment
from clinical_engine.staff.navigation import Menu

MACHINE = "the engine"


@admin.register(AuditEntry)
class AuditEntryAdmin(StaffModelAdmin):
    """Who did what to what, when and why."""

    menu = Menu(70, "Engine", "history_edu")
    related = ("actor",)
    list_display = ("when", "who", "action", "target_type", "target", "reason")
    list_display_links = ("when",)
    ordering = ("-pk",)
    search_fields = ("target_id",)
    search_help_text = "Id of a target, or an action such as job.run_again"
    fieldsets = (
        (None, {"fields": ("when", "who", "action", "target_type", "target", "reason", "shown_details")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """Entries about a target, or of an action."""
        del request
        if not search_term:
            return queryset, False
        # An action has a dot in it, an id has none; asking for both at once would use neither index.
        field = "action" if "." in search_term else "target_id"
        return queryset.filter(**{field: search_term}), False

    def prepare(self, request: HttpRequest, rows: Sequence[AuditEntry]) -> None:
        """Links to the targets."""
        links.attach_named(request.user, rows, kind="target_type", key="target_id")

    @admin.display(description="when", ordering="pk")
    def when(self, entry: AuditEntry) -> SafeString:
        """To the millisecond: the order of a chain of actions matters."""
        return precise_moment(entry.created_at)

    @admin.display(description="who")
    def who(self, entry: AuditEntry) -> str:
        """The account, or the machine."""
        return MACHINE if entry.actor is None else entry.actor.get_username()

    @admin.display(description="target")
    def target(self, entry: AuditEntry) -> SafeString | str:
        """A link to the thing, where it has a page that the user may see."""
        return links.shown(entry, "target_id") if entry.target_id else identifier(entry.target_id)

    @admin.display(description="details")
    def shown_details(self, entry: AuditEntry) -> SafeString:
        """Ids and settings."""
        return json_block(entry.details)
