"""Exporting the measurements of the list as it is filtered: what, why, and the file."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.timezone import now

from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.admin.base import StaffChangeList
from clinical_engine.staff.reasons import ReasonForm, reason_in
from clinical_engine.staff.search import as_uuid
from observations.exporting import MOST, Asked, export
from patients.admin.search import patient_ids
from patients.models import Patient

_PAGE = "admin:observations_measurement_export"
_LIST = "admin:observations_measurement_changelist"
PATIENT = "patient__id__exact"
_ORGANISATION = "organisation__id__exact"
# Their values are ids or names of choices; of whatever else can stand in an address only the name is kept.
_KEPT = frozenset(("state", "flag", "measured", "code__id__exact", _ORGANISATION, "source__exact", PATIENT))
# What arranges a list without choosing any of its rows, and what the form itself sends.
_NO_FILTERS = frozenset(("o", "p", "all", "e", "reason", "csrfmiddlewaretoken"))


class Exporting(StaffModelAdmin):
    """What the admin of measurements inherits: the button above the list, and the page behind it.

    The filters travel in the form, not in the address: a search term may be a patient's id elsewhere.
    """

    list_before_template = "admin/observations/export_button.html"

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Who may export measurements: one who may see them."""
        may_export = request.user.has_perm("observations.export_measurement")
        return bool(may_export and self.has_view_permission(request))

    def get_urls(self) -> list[URLPattern]:
        """Beside Django's: the page that asks, and the file."""
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="observations_measurement_export"), *super().get_urls()]

    def above_list(self, request: HttpRequest) -> Mapping[str, object]:
        """The filters, for the button that exports the list."""
        return {
            "may_export": self.has_export_permission(request),
            "export_url": reverse(_PAGE),
            "export_filters": list(_filters_in(request.GET)),
        }

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Ask why, then send the file."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        filters = QueryDict(mutable=True)
        for name, value in _filters_in(request.POST):
            filters.appendlist(name, value)
        try:
            changelist = self._export_list(request, filters)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse(_LIST))
        reason, form = reason_in(request)
        if reason:
            try:
                return self._exported(request, changelist, filters, reason)
            except NotAllowedNowError as error:
                form.add_error(None, str(error))
        return self._export_page(request, changelist, filters, form)

    def _export_list(self, request: HttpRequest, filters: QueryDict) -> StaffChangeList:
        # The list as it is shown, so that the file can hold nothing else: it reads its filters where an address has them.
        request.GET = filters  # type: ignore[assignment]  # as immutable as it needs to be
        return self.get_changelist_instance(request)

    def _exported(
        self, request: HttpRequest, changelist: StaffChangeList, filters: QueryDict, reason: str
    ) -> StreamingHttpResponse:
        made = export(actor=actor_of(request), rows=changelist.queryset, asked=_asked(filters), reason=reason)
        response = StreamingHttpResponse(made, content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = (
            f'attachment; filename="measurements-{now():%Y-%m-%dT%H%M%SZ}.csv"'
        )
        return response

    def _export_page(
        self, request: HttpRequest, changelist: StaffChangeList, filters: QueryDict, form: ReasonForm
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Export measurements",
            "opts": self.opts,
            "cl": changelist,
            "found": f"{changelist.result_count:,}",
            "chosen": list(_chosen(changelist)),
            "is_searched": bool(filters.get("q", "").strip()),
            "is_of_patient": PATIENT in filters,
            "most": f"{MOST:,}",
            "hidden": list(_filters_in(filters)),
            "form": form,
            "back": reverse(_LIST),
        }
        return TemplateResponse(request, "admin/observations/export.html", context)


def patient_form(patient: Any) -> Mapping[str, object]:  # noqa: ANN401 - the patient of a page
    """What a patient's page needs for the button that exports the patient's measurements."""
    return {"url": reverse(_PAGE), "name": PATIENT, "value": str(patient.pk)}


def _filters_in(sent: QueryDict) -> Iterator[tuple[str, str]]:
    for name, values in sent.lists():
        if name not in _NO_FILTERS:
            yield from ((name, str(value)) for value in values)


def _chosen(changelist: StaffChangeList) -> Iterator[tuple[str, str]]:
    """The filters that are set, in words."""
    for spec in changelist.filter_specs:
        value = spec.value()
        choices = spec.lookup_choices if hasattr(spec, "lookup_choices") else spec.field.flatchoices
        yield from (
            (str(spec.title), str(title)) for key, title in choices if value and str(key) == str(value)
        )


def _asked(filters: QueryDict) -> Asked:
    told: dict[str, object] = {
        name: filters[name] if name in _KEPT else "(not kept)" for name in filters if name != "q"
    }
    named = [as_uuid(filters.get(PATIENT, ""))]
    if term := filters.get("q", "").strip():
        identifier = as_uuid(term)
        found = patient_ids(term) if identifier is None else [identifier]
        # The ids that it found here. The term itself may be what a patient is called elsewhere.
        told["search"] = [str(key) for key in found] or "a sender's own id"
        named += found
    patients = dict(Patient.objects.filter(pk__in=filter(None, named)).values_list("pk", "organisation_id"))
    owners = set(patients.values())
    chosen = as_uuid(filters.get(_ORGANISATION, ""))
    return Asked(told, owners.pop() if chosen is None and len(owners) == 1 else chosen, patients)
