"""Measurements that staff say were entered in error."""

from django.contrib.auth.models import User
from django.db import transaction

from clinical_engine.audit import services as audit
from observations.intake.corrections import EnteredInError, enter_in_error
from observations.intake.rows import Sender
from observations.models import Measurement, MeasurementSource


@transaction.atomic
def retract_by_hand(*, actor: User, measurement: Measurement, reason: str) -> EnteredInError:
    """Say that the measurement was entered in error, with an entry in the audit trail; a job brings everything in line with it.

    When the same was said before nothing changes, and nothing is recorded. Raises RefusedError for a reason that cannot be kept.
    """
    said = enter_in_error(
        organisation_id=measurement.organisation_id,
        client_id=measurement.client_id,
        reason=reason,
        sender=Sender(MeasurementSource.STAFF, actor_id=actor.pk),
    )
    if said.is_new:
        organisation_id = measurement.organisation_id
        targets = [
            audit.Target("measurement", measurement.pk, organisation_id, {"job": str(said.job_id)}),
            audit.Target(
                "patient", measurement.patient_id, organisation_id, {"measurement": str(measurement.pk)}
            ),
        ]
        audit.record(actor=actor, action="measurement.enter_in_error", targets=targets, reason=reason)
    return said
