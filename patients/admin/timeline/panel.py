"""The panel on a patient's page: which rows are drawn, over which stretch of time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from clinical_engine.staff import panels
from clinical_engine.staff.cells import list_url
from patients.admin.timeline.lanes import Lane, lanes_of
from patients.admin.timeline.scale import Scale, scale_over
from patients.models import Association, Patient, Statement, StatementSource

# Of each: more could not be told apart in a drawing, and the lists have all of them.
DRAWN = 200
_SPANS: Mapping[str, tuple[str, timedelta | None]] = {
    "": ("All", None),
    "year": ("Last year", timedelta(days=365)),
    "month": ("Last 30 days", timedelta(days=30)),
    "day": ("Last 24 hours", timedelta(days=1)),
}
_ATTRIBUTE = "shown_span"


def choose_span(patient: Patient, name: str) -> None:
    """Have the patient's time line show a stretch: 'day', 'month' or 'year'; anything else is all."""
    setattr(patient, _ATTRIBUTE, name if name in _SPANS else "")


def timeline(patient: Patient) -> Mapping[str, object]:
    """The context of the panel: two queries, whatever the patient's history."""
    now, name = timezone.now(), getattr(patient, _ATTRIBUTE, "")
    span = _SPANS[name][1]
    associations, statements, is_cut = _rows(patient, None if span is None else now - span)
    scale = _scale(associations, statements, now, span)
    zone = patient.organisation.zone
    shown: Sequence[Lane] = lanes_of(associations, statements, scale, zone)
    return {
        "lanes": shown,
        "ticks": [(f"{tick.at:.3f}", tick.text) for tick in scale.ticks(zone)],
        "now": f"{scale.place(now):.3f}",
        "zone": patient.organisation.time_zone,
        "sources": _sources(statements),
        "spans": [(title, _address(patient, key), key == name) for key, (title, _) in _SPANS.items()],
        "cut": _cut(patient, is_cut=is_cut),
    }


TIMELINE = panels.Panel(
    "Time line", "patients.view_association", timeline, "admin/patients/timeline.html", position=5
)


def _rows(
    patient: Patient, since: datetime | None
) -> tuple[Sequence[Association], Sequence[Statement], bool]:
    """The latest periods and statements of the stretch, and whether there are more than are drawn."""
    # What lasts comes first, however long ago it began: cut off, its lane would say 'not active'.
    latest = (F("dissociated_at").desc(nulls_first=True), "submitter_id")
    associations = patient.associations.select_related("submitter").order_by(*latest)
    statements = patient.statements.select_related("submitter").order_by("-effective_at", "-pk")
    if since is not None:
        associations = associations.filter(Q(dissociated_at=None) | Q(dissociated_at__gt=since))
        statements = statements.filter(effective_at__gte=since)
    periods, said = list(associations[: DRAWN + 1]), list(statements[: DRAWN + 1])
    return periods[:DRAWN], said[:DRAWN], max(len(periods), len(said)) > DRAWN


def _scale(
    associations: Sequence[Association],
    statements: Sequence[Statement],
    now: datetime,
    span: timedelta | None,
) -> Scale:
    times = [*(row.associated_at for row in associations), *(row.effective_at for row in statements)]
    begins = min(times, default=now) if span is None else now - span
    return scale_over(begins, now, max(times, default=now))


def _sources(statements: Sequence[Statement]) -> list[tuple[str, str]]:
    """The sources that are drawn, for the legend."""
    present = {row.source for row in statements}
    return [(value, label) for value, label in StatementSource.choices if value in present]


def _address(patient: Patient, name: str) -> str:
    page = reverse("admin:patients_patient_change", args=[patient.pk])
    return f"{page}?span={name}" if name else page


def _cut(patient: Patient, *, is_cut: bool) -> Mapping[str, str] | None:
    if not is_cut:
        return None
    return {
        "text": f"The latest {DRAWN} periods and statements are drawn; the lists have all:",
        "associations": list_url("admin:patients_association_changelist", patient__id__exact=patient.pk),
        "statements": list_url("admin:patients_statement_changelist", patient__id__exact=patient.pk),
    }
