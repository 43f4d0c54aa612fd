"""The codes: what can be measured, in which units."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.cells import NOTHING, identifier
from clinical_engine.staff.filters import ValueFilter, YesNoFilter
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import Question, ask, reason_in
from observations.admin.catalogue import pages
from observations.catalogue.services import COMPUTED, remove_code
from observations.models import Code


@admin.register(Code)
class CodeAdmin(StaffModelAdmin):
    """What can be measured, in which units. Edited on a page of its own, since a service writes all of it at once."""

    menu = Menu(42, "Scripts", "dictionary")
    allow_add = True
    list_display = (
        "display",
        "shown_code",
        "system",
        "value_kind",
        "shown_units",
        "shown_range",
        "is_computed",
    )
    list_display_links = ("display",)
    list_filter = (
        ("system", ValueFilter),
        ("value_kind", ValueFilter),
        ("is_computed", YesNoFilter),
    )
    search_fields = ("display", "code")
    search_help_text = "Code or name"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("display", "shown_code"),
                    ("system", "value_kind"),
                    ("shown_range", "molar_mass"),
                    ("is_computed",),
                )
            },
        ),
    )
    actions_detail = ("edit", "remove")

    def has_edit_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may change codes."""
        del obj
        return request.user.has_perm("observations.change_code")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the units."""
        return super().get_queryset(request).prefetch_related("units")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for a code, and add it."""
        del form_url, extra_context
        if not self.has_add_permission(request):
            raise PermissionDenied
        return pages.add(request)

    @detail_button(title="Change", path="edit", permission="edit")
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what the code is to say."""
        code = self.get_object(request, object_id)
        if code is None:
            return self.not_there(request, object_id)
        if code.is_computed:
            self.message_user(request, COMPUTED, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:observations_code_change", args=[object_id]))
        return pages.change(request, code)

    @detail_button(title="Remove", path="remove", permission="edit")
    def remove(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then take the code out of the catalogue unless something has it."""
        page = reverse("admin:observations_code_change", args=[object_id])
        code = self.get_object(request, object_id)
        if code is None:
            return self.not_there(request, object_id)
        reason, form = reason_in(request)
        if not reason:
            return ask(request, _question(code, page), form, self.opts)
        try:
            remove_code(actor=actor_of(request), code_id=code.pk, reason=reason)
        except NotAllowedNowError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(page)
        self.message_user(request, f"{code} is no longer in the catalogue.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:observations_code_changelist"))

    @admin.display(description="code", ordering="code")
    def shown_code(self, code: Code) -> SafeString:
        """As it is sent."""
        return identifier(code.code)

    @admin.display(description="units (UCUM)")
    def shown_units(self, code: Code) -> str:
        """The first is the canonical one."""
        return ", ".join(unit.unit for unit in code.units.all())

    @admin.display(description="plausible")
    def shown_range(self, code: Code) -> str:
        """From, to, in the canonical unit."""
        low, high = code.plausible_low, code.plausible_high
        if low is None and high is None:
            return NOTHING
        unit = next((unit.unit for unit in code.units.all()), "")
        if high is None:
            return f"from {low} {unit}"
        return f"up to {high} {unit}" if low is None else f"{low} to {high} {unit}"


def _question(code: Code, page: str) -> Question:
    return Question(
        title=f"Remove {code} from the catalogue",
        explanation="Readings of it are refused from then on. A code that a stored reading, a panel or a script has stays.",
        button="Remove",
        back=page,
    )
