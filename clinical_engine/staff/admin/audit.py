"""The audit trail, to be read."""

from collections.abc import Sequence

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.audit.models import AuditEntry
from clinical_engine.staff import links
from clinical_engine.staff.admin.audit_filters import MACHINE, ActionFilter, ActorFilter
from clinical_engine.staff.admin.base import StaffModelAdmin
from clinical_engine.staff.cells import identifier, json_block, precise_moment
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.search import as_uuid


@admin.register(AuditEntry)
class AuditEntryAdmin(StaffModelAdmin):
    """Who did what to what, when and why."""

    menu = Menu(70, "Engine", "history_edu")
    related = ("actor",)
    list_display = ("when", "who", "action", "target_type", "target", "reason")
    list_display_links = ("when",)
    ordering = ("-pk",)
    list_filter = (ActionFilter, ActorFilter)
    search_fields = ("target_id",)
    search_help_text = (
        "Who (user name), id of a target, an action such as job.run_again, or words of the reason"
    )
    fieldsets = (
        (None, {"fields": ("when", "who", "action", "target_type", "target", "reason", "shown_details")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """Entries of an account, about a target, of an action, or with all the words in their reason."""
        del request
        term = search_term.strip()
        if not term:
            return queryset, False
        account = User.objects.filter(username=term).values_list("pk", flat=True).first()
        if account is not None:
            return queryset.filter(actor=account), False
        if as_uuid(term):
            return queryset.filter(target_id=term), False
        return queryset.filter(Q(target_id=term) | Q(action=term) | _with_words(term.split())), False

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


def _with_words(words: Sequence[str]) -> Q:
    # Only people give reasons: whatever the engine records of itself need not be read through.
    wanted = Q(actor__isnull=False)
    for word in words:
        wanted &= Q(reason__icontains=word)
    return wanted
