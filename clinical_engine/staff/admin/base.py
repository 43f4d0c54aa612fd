"""The one base class of all ModelAdmins: read-only unless it says otherwise, nothing deleted, nothing counted to the end."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.views import ChangeList

from clinical_engine.audit import services as audit
from clinical_engine.staff import extensions, panels
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.cells import list_url
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.paginator import BoundedPaginator

UNKNOWN_FILTER = "The address had a filter that is unknown here: the list is not filtered."
_View = TypeVar("_View", bound=Callable[..., HttpResponse])
_read_in: WeakKeyDictionary[HttpRequest, dict[tuple[str, str, str | None], Any]] = WeakKeyDictionary()


def detail_button(*, title: str, path: str, permission: str) -> Callable[[_View], _View]:
    """Make a method `(self, request, object_id)` a button on a thing's page, at `path` below it.

    Without `has_<permission>_permission` it is neither shown nor answered (403).
    """

    def decorate(view: _View) -> _View:
        decorated: _View = action(description=title, url_path=path, permissions=[permission])(view)
        return decorated

    return decorate


class StaffChangeList(ChangeList):  # type: ignore[misc]  # the package has no types
    """A list whose ModelAdmin may look at the shown page as a whole."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, and let the ModelAdmin look up what its cells need in one query for all rows."""
        super().get_results(request)
        # Otherwise the page's head offers 'Show all', which there is not.
        self.full_result_count = self.result_count
        rows: list[Any] = [*getattr(self, "result_list", ())]
        self.result_list = rows
        self.model_admin.prepare(request, rows)


class StaffModelAdmin(ModelAdmin):  # type: ignore[misc]  # the package has no types
    """A ModelAdmin as all of ours are.

    Rows are written by services, so a page only shows; `allow_add` and `allow_change` open a form to who has Django's
    permission for it, and what it wrote goes to the audit trail. A cell never runs a query: `related` names what the
    list's query joins, `get_queryset` annotates, `prepare` looks things up for a whole page.
    """

    allow_add: ClassVar[bool] = False
    allow_change: ClassVar[bool] = False
    related: ClassVar[Sequence[str]] = ()
    menu: ClassVar[Menu | None] = None
    menu_title: ClassVar[str] = ""
    nothing_yet: ClassVar[str] = "There is none yet."

    paginator = BoundedPaginator
    show_full_result_count = False
    # A facet counts the whole table, once per choice.
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    # What concerns more than one page is a bulk job, with its dry run and its brake.
    list_disable_select_all = True
    list_fullwidth = True
    # Without a form around them the filters are fields that nothing reads.
    list_filter_submit = True
    list_select_related = False
    change_form_outer_after_template = "admin/staff/panels.html"
    empty_value_display = "–"  # noqa: RUF001 - a dash, as people write it

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only where the class allows it, and to who has the permission."""
        return self.allow_add and bool(super().has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only where the class allows it, and to who has the permission."""
        return self.allow_change and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: the admin deletes nothing."""
        del request, obj
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows with what they join, and with what other apps add."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if self.related:
            rows = rows.select_related(*self.related)
        return extensions.annotated(self.opts.label_lower, rows)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The columns, and those that other apps add."""
        return [*super().get_list_display(request), *extensions.cells_of(self.opts.label_lower)]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """The filters, and those that other apps add."""
        return [*super().get_list_filter(request), *extensions.filters_of(self.opts.label_lower)]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[StaffChangeList]:  # noqa: ANN401, ARG002 - Django's signature
        """The list that calls `prepare`."""
        return StaffChangeList

    def get_changelist_instance(self, request: HttpRequest) -> StaffChangeList:
        """The list. For an address that means nothing Django shows it unfiltered; here it is said why."""
        try:
            if any("\0" in value for values in dict(request.GET.lists()).values() for value in values):
                raise IncorrectLookupParameters  # noqa: TRY301 - PostgreSQL would refuse it only when the rows are fetched
            changelist: StaffChangeList = super().get_changelist_instance(request)
        except IncorrectLookupParameters:
            self.message_user(request, UNKNOWN_FILTER, messages.WARNING)
            raise
        return changelist

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with what stands above it."""
        shown = {**(extra_context or {}), **self.above_list(request)}
        response: HttpResponse = super().changelist_view(request, shown)
        return response

    def above_list(self, request: HttpRequest) -> Mapping[str, object]:
        """What `list_before_template` shows."""
        del request
        return {}

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Run the chosen action, unless what was ticked is no id at all."""
        for text in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.to_python(text)
            except ValidationError:
                what = (
                    f"Nothing was done: what was ticked has an id that no {self.opts.verbose_name} can have."
                )
                self.message_user(request, what, messages.WARNING)
                return HttpResponseRedirect(request.get_full_path())
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def not_there(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The answer to an id that no row has: to the front page, with a message."""
        what = f"{self.opts.verbose_name} with ID “{unquote(object_id)}” doesn’t exist."  # noqa: RUF001 - as Django writes it
        self.message_user(request, capfirst(what), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:index", current_app=self.admin_site.name))

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: object, object_id: str
    ) -> HttpResponse:
        # Django's own asks whether it was deleted: here nobody can.
        del opts
        return self.not_there(request, object_id)

    def prepare(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Look up, for all rows of a page together, what their cells show. Called before any cell is asked."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:  # noqa: ANN401 - Django's signature
        """The row of a page, prepared as those of a list are. Read once for a request: the page and its buttons ask for it."""
        read = _read_in.setdefault(request, {})
        key = (self.opts.label_lower, str(object_id), from_field)
        if key not in read:
            thing = super().get_object(request, object_id, from_field)
            if thing is not None:
                self.prepare(request, [thing])
            read[key] = thing
        return read[key]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *args: Any,  # noqa: ANN401 - Django's signature
        **kwargs: Any,  # noqa: ANN401 - Django's signature
    ) -> HttpResponse:
        """The page with the panels that apps registered for it, and its history for who may see that."""
        thing = kwargs.get("obj")
        if thing is not None:
            context.update(self.above_facts(request, thing))
            context["panels"] = panels.shown_on(self.opts.label_lower, thing, request.user)
        # Its button leads to the audit trail: who may not see that would be led to a refusal.
        context["show_history"] = context.get("show_history") and request.user.has_perm(
            "audit.view_auditentry"
        )
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def above_facts(self, request: HttpRequest, thing: Any) -> Mapping[str, object]:  # noqa: ANN401 - a row of any model
        """What `change_form_outer_before_template` shows above the facts of a page."""
        del request, thing
        return {}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: object) -> None:  # noqa: ANN401 - Django's signature
        """Write a new row whole, of a known one only what the form changed: the rest may have changed meanwhile."""
        del request
        if change:
            own = {field.name for field in self.opts.concrete_fields}
            obj.save(update_fields=[name for name in form.changed_data if name in own])
        else:
            obj.save()

    def log_addition(self, request: HttpRequest, obj: Any, message: object) -> None:  # noqa: ANN401 - Django's signature
        """Record in the audit trail, in the form's transaction, that a row was made."""
        del message
        self._record(request, obj, "create", {})

    def log_change(self, request: HttpRequest, obj: Any, message: object) -> None:  # noqa: ANN401 - Django's signature
        """Record in the audit trail, in the form's transaction, which fields were changed; not their values."""
        self._record(request, obj, "change", {"changed": message})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit trail of this one thing."""
        del request, extra_context
        return HttpResponseRedirect(
            list_url("admin:audit_auditentry_changelist", target_type=self.audit_name, target_id=object_id)
        )

    @property
    def audit_name(self) -> str:
        """What the audit trail calls such a row: 'api_client' for ApiClient."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.opts.object_name).lower()

    def _record(self, request: HttpRequest, obj: Any, verb: str, details: dict[str, object]) -> None:  # noqa: ANN401
        owner: UUID | None = getattr(obj, "organisation_id", None)
        target = audit.Target(self.audit_name, obj.pk, owner, details)
        audit.record(actor=actor_of(request), action=f"{self.audit_name}.{verb}", targets=[target])
