"""Conflicts about a patient that wait for a decision: on the patient's page, and the list of them alone.

A patient may be known from nothing else: what was sent is under a client id that stands for another patient's reading.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from clinical_engine.staff import panels
from clinical_engine.staff.cells import list_url, moment, page_of
from clinical_engine.staff.filters import ChoiceFilter, Rows
from clinical_engine.staff.search import as_uuid
from observations.admin.cells import measured
from observations.catalogue import catalogue
from observations.models import MeasurementConflict
from patients.models import Patient

_PARAMETER = "patient"
_SHOWN = 10


class PatientFilter(ChoiceFilter):
    """By the patient whom the second content is about; a patient's page leads here.

    By our own id: the one that people know the patient by must not stand in an address.
    """

    title = "patient"
    parameter_name = _PARAMETER

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """Nothing to choose from but the patient that was asked for."""
        del model_admin
        asked = as_uuid(request.GET.get(_PARAMETER, ""))
        return [] if asked is None else [(str(asked), "One patient")]

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The conflicts whose second content is about the patient."""
        patient = Patient.objects.filter(pk=value)
        return rows.filter(
            organisation=patient.values("organisation")[:1], external_id=patient.values("external_id")[:1]
        )


def has_waiting(patient: Any) -> bool:  # noqa: ANN401 - a patient of a page, which keeps what was found
    """Whether any waits; one query, of which `waiting_panel` shows what it found."""
    patient.waiting_conflicts = list(_waiting(patient)[:_SHOWN])
    return bool(patient.waiting_conflicts)


def waiting_panel(patient: Any) -> Mapping[str, object]:  # noqa: ANN401 - as `has_waiting` left it
    """The latest of them: none of what they say counts for the patient before somebody decides."""
    codes, zone = catalogue(), patient.organisation.zone
    rows = (
        (
            page_of("admin:observations_measurementconflict_change", row.pk, moment(row.received_at, zone)),
            row.code.display,
            measured(row, codes),
            moment(row.measured_at, zone),
        )
        for row in patient.waiting_conflicts
    )
    shown = {"state": "unresolved", _PARAMETER: patient.pk}
    more = (list_url("admin:observations_measurementconflict_changelist", **shown), "All that wait")
    note = (
        "Sent about this patient under a client id that was used before, with other content. Nothing of it counts until somebody"
        " decides."
    )
    return panels.table(["Came in", "What", "Value", "Measured"], rows, empty="None waits.", more=more) | {
        "note": note
    }


def _waiting(patient: Patient) -> QuerySet[MeasurementConflict]:
    rows = MeasurementConflict.objects.filter(
        organisation=patient.organisation_id, external_id=patient.external_id, resolved_at=None
    )
    return rows.select_related("code").order_by("-pk")
