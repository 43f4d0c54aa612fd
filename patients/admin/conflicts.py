"""What came a second time under a client id that stood for something else: the list that statements and facts have of it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.filters import RelatedFilter


class ConflictAdmin(StaffModelAdmin):
    """Said again under a client id that was used before, with other content: the first one stands.

    `original` names the field that leads to the first; the subclasses say in words what either is (`first`, `second`).
    """

    original: ClassVar[str]
    list_display = ("received_at", "second", "first", "of_organisation", "client_id")
    list_filter = (("organisation", RelatedFilter),)
    ordering = ("-pk",)
    search_fields = ("external_id",)
    search_help_text = "Patient's external id, or the sender's own id (each whole)"
    fieldsets = ((None, {"fields": ("received_at", "of_organisation", "client_id", "first", "second")}),)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Conflicts are few: by either patient or the sender's id."""
        del request
        term = search_term.strip()
        if not term:
            return queryset, False
        of_first = Q((f"{self.original}__client_id", term)) | Q(
            (f"{self.original}__patient__external_id", term)
        )
        return queryset.filter(Q(external_id=term) | of_first), False

    @admin.display(description="organisation")
    def of_organisation(self, conflict: Any) -> str:  # noqa: ANN401 - a conflict of either kind
        """Whose."""
        return str(conflict.organisation.name)

    @admin.display(description="sender's own id")
    def client_id(self, conflict: Any) -> str:  # noqa: ANN401 - a conflict of either kind
        """Used twice."""
        return str(getattr(conflict, self.original).client_id)
