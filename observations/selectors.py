"""Reading measurements and observations, within the organisations of who asks."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from observations.models import Measurement, MeasurementStatus, Observation, ObservationScript
from patients.models import Association, Patient, Statement

# What has been taken back waits for nothing.
_HELD = Q(association=None, status=MeasurementStatus.FINAL)


def measurements_for(organisation_ids: Collection[UUID], patient_id: UUID) -> QuerySet[Measurement]:
    """A patient's measurements, if the patient belongs to one of the organisations."""
    return Measurement.objects.filter(
        organisation_id__in=organisation_ids, patient_id=patient_id
    ).select_related("code")


def measurement_for(organisation_ids: Collection[UUID], measurement_id: UUID) -> Measurement | None:
    """The measurement, if it belongs to one of the organisations."""
    return Measurement.objects.filter(organisation_id__in=organisation_ids, pk=measurement_id).first()


def observations_for(organisation_ids: Collection[UUID], patient_id: UUID) -> QuerySet[Observation]:
    """A patient's observations, superseded ones among them, if the patient belongs to one of the organisations."""
    return _shown(Observation.objects.filter(organisation_id__in=organisation_ids, patient_id=patient_id))


def observation_for(organisation_ids: Collection[UUID], observation_id: UUID) -> Observation | None:
    """The observation, superseded or not, if it belongs to one of the organisations; with all of its script version."""
    rows = Observation.objects.filter(pk=observation_id, organisation_id__in=organisation_ids)
    return rows.select_related("code", "script", "script_version__script", "organisation").first()


def observations_by_id(ids: Collection[UUID]) -> QuerySet[Observation]:
    """The observations of these ids, with what is shown of them; of whichever organisation."""
    return _shown(Observation.objects.filter(pk__in=ids))


def knows_script(name: str, organisation_ids: Collection[UUID]) -> bool:
    """Whether there is a script of this name, of all organisations or of one of these."""
    whose = Q(organisation=None) | Q(organisation_id__in=organisation_ids)
    return ObservationScript.objects.filter(whose, name=name).exists()


def _shown(rows: QuerySet[Observation]) -> QuerySet[Observation]:
    # Each row would bring the whole text of its version along, and all of its test cases.
    unseen = (f"script_version__{field}" for field in ("source", "inputs", "test_cases"))
    return rows.select_related("code", "script", "script_version").defer(*unseen)


def held_measurements_of(patient: Patient) -> QuerySet[Measurement]:
    """The patient's measurements that no association covers and nothing has taken back, the oldest first."""
    return patient.measurements.filter(_HELD).order_by("measured_at")


def overdue_measurements() -> QuerySet[Measurement]:
    """Held measurements past due, for which somebody should find out why; the longest waiting first.

    After seven days one that no statement explains, neither a waiting one nor a period, counts as 'outside period' instead.
    """
    now = timezone.now()
    recent = Measurement.objects.filter(_HELD, due_at__lt=now, due_at__gte=_outside_before(now))
    explained = Measurement.objects.filter(_HELD, _explained(), due_at__lt=_outside_before(now))
    return (recent | explained).order_by("due_at")


def outside_period() -> QuerySet[Measurement]:
    """Measurements of a time at which nobody stated the patient active, and nothing that waits could change that."""
    return Measurement.objects.filter(_HELD, ~_explained(), due_at__lt=_outside_before(timezone.now()))


def is_outside_period(measurement: Measurement, now: datetime) -> bool:
    """Whether a held measurement is old enough to count as 'outside period'."""
    return measurement.association_id is None and measurement.due_at < _outside_before(now)


def _explained() -> Q:
    """Whether a statement waits that could cover it, or a period does that only the recompute job has not counted yet."""
    waiting = Statement.objects.filter(patient=OuterRef("patient"), fulfilled_at=None)
    covering = Association.objects.filter(
        Q(dissociated_at=None) | Q(dissociated_at__gt=OuterRef("measured_at")),
        patient=OuterRef("patient"),
        associated_at__lte=OuterRef("measured_at"),
    )
    return Q(Exists(waiting)) | Q(Exists(covering))


def _outside_before(now: datetime) -> datetime:
    waited: timedelta = settings.OUTSIDE_PERIOD_AFTER
    return now - waited
