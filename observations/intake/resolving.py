"""Conflicts, resolved by staff: the first content stands, or the second takes its place. Either is final."""

import json
from collections.abc import Mapping
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import now

from clinical_engine.audit import services as audit
from clinical_engine.common.database import fetch_all
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from observations.intake.corrections import enter_in_error
from observations.intake.recording import record_measurements
from observations.intake.rows import Outcome, Sender
from observations.models import ConflictResolution, MeasurementConflict, MeasurementSource
from observations.readings import Component, Reading, Simple


@transaction.atomic
def keep_first(*, actor: User, conflict_id: int, reason: str) -> None:
    """Resolve a conflict: what was sent first stands, and nothing is computed anew.

    Raises NotAllowedNowError when it is resolved already, MeasurementConflict.DoesNotExist when there is none.
    """
    conflict = _claimed(actor, conflict_id, ConflictResolution.KEPT_FIRST, reason)
    _record(actor, "measurement_conflict.keep_first", conflict, reason, {})


@transaction.atomic
def take_second(*, actor: User, conflict_id: int, reason: str) -> UUID:
    """Resolve a conflict: what was sent second becomes a measurement that replaces the first; its id.

    Where the second was itself to replace another measurement than the first was, that one is entered in error: the new one can
    replace only one, and the other would go on counting beside it.

    All or nothing. Raises NotAllowedNowError when the conflict is resolved already, RefusedError when the second cannot be
    accepted, as when another measurement replaces the first, MeasurementConflict.DoesNotExist when there is no such conflict.
    """
    conflict = _claimed(actor, conflict_id, ConflictResolution.TOOK_SECOND, reason)
    sender = Sender(MeasurementSource.STAFF, actor_id=actor.pk)
    reading = reading_of_second(conflict)
    [answer] = record_measurements(
        organisation_id=conflict.organisation_id, readings=[reading], sender=sender
    )
    if answer.outcome is Outcome.REFUSED:
        raise RefusedError(*answer.refusals)
    if answer.measurement_id is None or answer.outcome not in {Outcome.ACCEPTED, Outcome.HELD}:
        raise NotAllowedNowError(
            "A measurement with the id that the second would get is there already: somebody else sent it."
        )
    if conflict.replaces not in {"", conflict.measurement.replaces}:
        enter_in_error(
            organisation_id=conflict.organisation_id,
            client_id=conflict.replaces,
            reason=reason,
            sender=sender,
        )
    details = {"measurement": answer.measurement_id}
    _record(actor, "measurement_conflict.take_second", conflict, reason, details)
    return UUID(answer.measurement_id)


def client_id_of_second(conflict: MeasurementConflict) -> str:
    """The client id under which a conflict's second content is stored when it is taken; no sender has it by chance."""
    return f"resolved-{conflict.pk}-{conflict.measurement_id}"


def _claimed(
    actor: User, conflict_id: int, resolution: ConflictResolution, reason: str
) -> MeasurementConflict:
    changed = MeasurementConflict.objects.filter(pk=conflict_id, resolved_at=None).update(
        resolution=resolution, resolved_at=now(), resolved_by=actor, resolved_because=reason
    )
    conflict = MeasurementConflict.objects.select_related("measurement", "code").get(pk=conflict_id)
    if changed != 1:
        raise NotAllowedNowError("Somebody resolved this conflict before; nothing was changed.")
    return conflict


def reading_of_second(conflict: MeasurementConflict) -> Reading:
    """The second content as the reading that is stored when it is taken: one that replaces the first."""
    offset = timezone(timedelta(minutes=conflict.utc_offset_minutes))
    return Reading(
        client_id=client_id_of_second(conflict),
        external_id=conflict.external_id,
        code=conflict.code.code,
        value=_value(conflict),
        unit=conflict.unit or None,
        measured_at=conflict.measured_at.astimezone(offset),
        replaces=conflict.measurement.client_id,
    )


def _value(conflict: MeasurementConflict) -> Simple | tuple[Component, ...]:
    if conflict.components is not None:
        return _components(conflict)
    values = (
        conflict.value_quantity,
        conflict.value_boolean,
        conflict.value_answer,
        conflict.value_text,
    )
    value: Simple = next(value for value in values if value is not None)
    return value


def _components(conflict: MeasurementConflict) -> tuple[Component, ...]:
    # As text: Django reads numbers as floats, which lose digits that were sent.
    [(text,)] = fetch_all(
        "SELECT components::text FROM observations_measurementconflict WHERE id = %s", [conflict.pk]
    )
    stored: Mapping[str, Mapping[str, Any]] = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    return tuple(
        Component(
            code=code,
            value=next(part[kind] for kind in ("quantity", "boolean", "answer", "text") if kind in part),
            unit=part.get("unit"),
        )
        for code, part in stored.items()
    )


def _record(
    actor: User, action: str, conflict: MeasurementConflict, reason: str, details: Mapping[str, object]
) -> None:
    """In the trails of the conflict, and of the measurement that it is about and its patient."""
    targets = [
        audit.Target("measurement_conflict", conflict.pk, conflict.organisation_id, details),
        audit.Target(
            "measurement", conflict.measurement_id, conflict.organisation_id, {"conflict": conflict.pk}
        ),
        audit.Target(
            "patient", conflict.measurement.patient_id, conflict.organisation_id, {"conflict": conflict.pk}
        ),
    ]
    audit.record(actor=actor, action=action, targets=targets, reason=reason)
