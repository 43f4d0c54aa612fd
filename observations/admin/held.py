"""Whether a measurement counts, and why one is held, in words: what support staff need to know before they do anything."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import Tone, ago, badge
from clinical_engine.staff.filters import Choice, ChoiceFilter
from observations.models import Measurement, MeasurementStatus
from observations.selectors import is_outside_period, outside_period, overdue_measurements
from patients.models import Association, Statement

# What was taken back waits for nothing.
STANDING = Q(status=MeasurementStatus.FINAL)
_TAKEN_BACK = {
    MeasurementStatus.REPLACED: "Replaced",
    MeasurementStatus.ENTERED_IN_ERROR: "Entered in error",
}


def is_standing(measurement: Measurement) -> bool:
    """Whether nothing has taken it back."""
    return measurement.status == MeasurementStatus.FINAL


def is_held(measurement: Measurement) -> bool:
    """Whether it stands, and no association covers it."""
    return measurement.association_id is None and is_standing(measurement)


def with_reasons(rows: QuerySet[Measurement]) -> QuerySet[Any]:
    """The rows with what `reason` needs: index look-ups for each row that is shown."""
    of_patient = {"patient": OuterRef("patient")}
    covering = Association.objects.filter(
        Q(dissociated_at=None) | Q(dissociated_at__gt=OuterRef("measured_at")),
        associated_at__lte=OuterRef("measured_at"),
        **of_patient,
    )
    return rows.annotate(
        has_waiting=Exists(Statement.objects.filter(fulfilled_at=None, **of_patient)),
        has_periods=Exists(Association.objects.filter(**of_patient)),
        has_cover=Exists(covering),
    )


def reason(measurement: Any) -> str:  # noqa: ANN401 - a row of `with_reasons`
    """Why no association covers it; '' for one that counts, or that was taken back."""
    if not is_held(measurement):
        return ""
    if measurement.has_cover:
        return "Its period is there; the recompute job has not counted it yet"
    if measurement.has_waiting:
        return "A statement about the patient is not fulfilled yet"
    if measurement.has_periods:
        return "Measured outside the patient's periods"
    return "Nobody has stated the patient active"


def _is_explained(measurement: Any) -> bool:  # noqa: ANN401 - a row of `with_reasons`
    return bool(measurement.has_waiting or measurement.has_cover)


def state(measurement: Measurement) -> SafeString:
    """Counted, held, overdue, outside every period, or taken back; of a row of `with_reasons`."""
    if measurement.status in _TAKEN_BACK:
        return badge(_TAKEN_BACK[MeasurementStatus(measurement.status)])
    now = timezone.now()
    if measurement.association_id is not None:
        return badge("Counted", Tone.GOOD)
    if is_outside_period(measurement, now) and not _is_explained(measurement):
        return badge("Outside period")
    if measurement.due_at < now:
        return badge("Held, overdue", Tone.BAD)
    return badge("Held", Tone.WAITING)


def held_for(measurement: Measurement) -> str:
    """How long it has been held; '' for one that counts, or that was taken back."""
    return ago(measurement.received_at) if is_held(measurement) else ""


def flag(measurement: Measurement) -> SafeString | str:
    """Whether its value was outside the plausible range when it came in."""
    return badge("Implausible", Tone.WAITING) if measurement.is_implausible else ""


class HeldFilter(ChoiceFilter):
    """By whether the measurement counts, and why not."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "overdue": Choice(
            "Held past due", lambda rows: rows.filter(pk__in=overdue_measurements().values("pk"))
        ),
        "held": Choice("Held", lambda rows: rows.filter(STANDING, association=None)),
        "outside": Choice("Outside period", lambda rows: rows.filter(pk__in=outside_period().values("pk"))),
        "counted": Choice("Counted", lambda rows: rows.filter(STANDING, association__isnull=False)),
        "replaced": Choice("Replaced", lambda rows: _taken_back(rows, MeasurementStatus.REPLACED)),
        "error": Choice(
            "Entered in error", lambda rows: _taken_back(rows, MeasurementStatus.ENTERED_IN_ERROR)
        ),
    }


def _taken_back(rows: QuerySet[Measurement], status: MeasurementStatus) -> QuerySet[Measurement]:
    # Said twice, in the words of the small index of what was taken back: without, the planner may walk past all that stands.
    return rows.filter(~STANDING, status=status)


class FlagFilter(ChoiceFilter):
    """By whether the value was plausible."""

    title = "flag"
    parameter_name = "flag"
    choices_by_value = {
        "implausible": Choice("Implausible", lambda rows: rows.filter(is_implausible=True)),
        "none": Choice("Not flagged", lambda rows: rows.filter(is_implausible=False)),
    }


class HasHeldFilter(ChoiceFilter):
    """For the list of patients."""

    title = "measurements"
    parameter_name = "held"
    choices_by_value = {
        "yes": Choice("Has held ones", lambda rows: rows.filter(Exists(held_of_patient()))),
        "no": Choice("None held", lambda rows: rows.filter(~Exists(held_of_patient()))),
    }


def held_of_patient() -> QuerySet[Measurement]:
    """The held measurements of the patient of an outer query."""
    return Measurement.objects.filter(STANDING, patient=OuterRef("pk"), association=None)
