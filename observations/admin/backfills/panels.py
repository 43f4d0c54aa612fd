"""What stands below a backfill: examples of what changes, and what people did to it."""

from collections.abc import Mapping
from typing import Any

from clinical_engine.staff import links, panels
from clinical_engine.staff.cells import NOTHING, moment, page_of
from clinical_engine.staff.trail import trail_panel
from observations.models import Backfill, BackfillExample
from patients.models import Patient

_HEADERS = ("Patient", "As of", "Before", "After")


def offer() -> None:
    """Register the panels of a backfill's page, and where ids of backfills lead."""
    panels.register(
        "observations.backfill",
        # Values of patients: for those who may see their results anyway.
        panels.Panel("Examples", "observations.view_observation", _examples, position=10),
        trail_panel("backfill"),
    )
    target = links.Target("admin:observations_backfill_change", "observations.view_backfill")
    links.register("backfill", target)


def _examples(backfill: Backfill) -> Mapping[str, object]:
    """The first fifty patients with a change, each with its largest; two queries."""
    examples = list(BackfillExample.objects.filter(backfill=backfill).order_by("pk"))
    patients = Patient.objects.select_related("organisation").in_bulk({one.patient_id for one in examples})
    return panels.table(
        _HEADERS,
        (_row(one, patients[one.patient_id]) for one in examples if one.patient_id in patients),
        empty="No result has changed so far.",
    )


def _row(example: BackfillExample, patient: Patient) -> tuple[object, ...]:
    return (
        page_of("admin:patients_patient_change", patient.pk, patient.external_id),
        moment(example.as_of, patient.organisation.zone),
        _values(example.before),
        _values(example.after),
    )


def _values(values: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) if values else NOTHING
