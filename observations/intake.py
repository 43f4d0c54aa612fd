"""Taking measurements in: set-based, one transaction, an answer for every reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.common.errors import Refusal
from clinical_engine.common.identifiers import new_id
from observations.models import Code, MeasurementSource
from observations.readings import Reading, refusals_of
from observations.recompute import mark_dirty
from patients.services import ensure_patients


class Outcome(StrEnum):
    """What became of one reading that was sent."""

    ACCEPTED = "accepted"
    HELD = "held"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one reading; `measurement_id` is that of the first one for a duplicate or a conflict."""

    outcome: Outcome
    measurement_id: UUID | None = None
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    position: int
    reading: Reading
    code_id: int
    id: UUID = field(default_factory=new_id)

    @property
    def quantity(self) -> Decimal | None:
        return None if isinstance(self.reading.value, bool) else self.reading.value

    @property
    def boolean(self) -> bool | None:
        return self.reading.value if isinstance(self.reading.value, bool) else None

    @property
    def offset_minutes(self) -> int:
        offset = self.reading.measured_at.utcoffset()
        # Readings without an offset were refused before.
        return int(offset.total_seconds() // 60) if offset is not None else 0


def record_measurements(
    *,
    organisation_id: UUID,
    readings: Sequence[Reading],
    source: MeasurementSource,
    api_client_id: UUID | None = None,
) -> list[Answer]:
    """Store readings of one organisation; one answer per reading, in order. A refused one does not touch the others.

    In one transaction: patients that are new (unlinked), measurements, and for each patient that something is to be computed
    anew. 'accepted' means covered by an association now, 'held' not yet: it counts as soon as one covers it. The number of
    statements does not depend on the number of readings.
    """
    catalogue = {code.code: code for code in Code.objects.filter(is_computed=False)}
    now = timezone.now()
    answers: dict[int, Answer] = {}
    rows: list[_Row] = []
    for position, reading in enumerate(readings):
        if refusals := refusals_of(reading, catalogue, now):
            answers[position] = Answer(Outcome.REFUSED, refusals=tuple(refusals))
        else:
            rows.append(_Row(position, reading, catalogue[reading.code].pk))
    if rows:
        answers |= _store(organisation_id, rows, source, api_client_id)
    return [answers[position] for position in range(len(readings))]


@transaction.atomic
def _store(
    organisation_id: UUID, rows: Sequence[_Row], source: MeasurementSource, api_client_id: UUID | None
) -> dict[int, Answer]:
    patients = ensure_patients(
        organisation_id=organisation_id, external_ids=(row.reading.external_id for row in rows)
    )
    # By client id: two requests that send the same readings in different orders would deadlock.
    rows = sorted(rows, key=lambda row: row.reading.client_id)
    inserted = _insert(organisation_id, rows, patients, source, api_client_id)
    new = [row for row in rows if row.id in inserted]
    if new:
        _mark_dirty(organisation_id, new, patients)
    covered = _covered(new, patients)
    answers = {
        row.position: Answer(Outcome.ACCEPTED if row.id in covered else Outcome.HELD, row.id) for row in new
    }
    return answers | _answer_known(organisation_id, [row for row in rows if row.id not in inserted])


def _insert(
    organisation_id: UUID,
    rows: Sequence[_Row],
    patients: Mapping[str, UUID],
    source: MeasurementSource,
    api_client_id: UUID | None,
) -> set[UUID]:
    inserted = fetch_all(
        """
        INSERT INTO observations_measurement (id, organisation_id, patient_id, code_id, client_id, value_quantity,
            value_boolean, unit, measured_at, utc_offset_minutes, source, api_client_id, received_at, due_at)
        SELECT new.id, %s, new.patient_id, new.code_id, new.client_id, new.quantity, new.boolean, new.unit, new.measured_at,
               new.utc_offset_minutes, %s, %s, now(), now() + %s
        FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::numeric[], %s::bool[], %s::text[], %s::timestamptz[],
                    %s::smallint[])
             WITH ORDINALITY AS new (id, patient_id, code_id, client_id, quantity, boolean, unit, measured_at,
                                     utc_offset_minutes, position)
        ORDER BY new.position
        ON CONFLICT (organisation_id, client_id) DO NOTHING
        RETURNING id
        """,
        [
            organisation_id,
            source,
            api_client_id,
            settings.MEASUREMENT_DUE,
            array_literal(row.id for row in rows),
            array_literal(patients[row.reading.external_id] for row in rows),
            array_literal(row.code_id for row in rows),
            array_literal(row.reading.client_id for row in rows),
            array_literal(row.quantity for row in rows),
            array_literal(row.boolean for row in rows),
            array_literal(row.reading.unit or "" for row in rows),
            array_literal(row.reading.measured_at for row in rows),
            array_literal(row.offset_minutes for row in rows),
        ],
    )
    return {row[0] for row in inserted}


def _mark_dirty(organisation_id: UUID, new: Sequence[_Row], patients: Mapping[str, UUID]) -> None:
    dirty_from: dict[UUID, datetime] = {}
    for row in new:
        patient, time = patients[row.reading.external_id], row.reading.measured_at
        dirty_from[patient] = min(time, dirty_from.get(patient, time))
    mark_dirty(dirty_from, dict.fromkeys(dirty_from, organisation_id))


def _covered(new: Sequence[_Row], patients: Mapping[str, UUID]) -> set[UUID]:
    rows = fetch_all(
        """
        SELECT new.id FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS new (id, patient_id, measured_at)
        WHERE EXISTS (
            SELECT FROM patients_association association
            WHERE association.patient_id = new.patient_id AND association.associated_at <= new.measured_at
              AND (association.dissociated_at IS NULL OR new.measured_at < association.dissociated_at)
        )
        """,
        [
            array_literal(row.id for row in new),
            array_literal(patients[row.reading.external_id] for row in new),
            array_literal(row.reading.measured_at for row in new),
        ],
    )
    return {row[0] for row in rows}


def _answer_known(organisation_id: UUID, rows: Sequence[_Row]) -> dict[int, Answer]:
    """Compare readings whose client id was there before with what it stood for; keep those that differ for staff to see."""
    if not rows:
        return {}
    parameters = [
        organisation_id,
        array_literal(row.position for row in rows),
        array_literal(row.reading.client_id for row in rows),
        array_literal(row.reading.external_id for row in rows),
        array_literal(row.code_id for row in rows),
        array_literal(row.quantity for row in rows),
        array_literal(row.boolean for row in rows),
        array_literal(row.reading.unit or "" for row in rows),
        array_literal(row.reading.measured_at for row in rows),
    ]
    compared = fetch_all(_SENT_AGAIN + _COMPARED, parameters)
    if not all(is_same for _, _, is_same in compared):
        execute(_SENT_AGAIN + _KEEP_CONFLICTS, parameters)
    return {
        position: Answer(Outcome.DUPLICATE if is_same else Outcome.CONFLICT, measurement_id)
        for position, measurement_id, is_same in compared
    }


_SENT_AGAIN = """
    WITH sent AS (
        SELECT new.*, known.id, known.organisation_id,
               (patient.external_id, known.code_id, known.value_quantity, known.value_boolean, known.unit, known.measured_at)
               IS NOT DISTINCT FROM
               (new.external_id, new.code_id, new.quantity, new.boolean, new.unit, new.measured_at) AS is_same
        FROM (SELECT %s::uuid AS organisation_id) AS asked
        CROSS JOIN unnest(%s::int[], %s::text[], %s::text[], %s::int[], %s::numeric[], %s::bool[], %s::text[],
                          %s::timestamptz[])
             AS new (position, client_id, external_id, code_id, quantity, boolean, unit, measured_at)
        JOIN observations_measurement known
             ON known.organisation_id = asked.organisation_id AND known.client_id = new.client_id
        JOIN patients_patient patient ON patient.id = known.patient_id
    )
"""
_COMPARED = "SELECT position, id, is_same FROM sent"
_KEEP_CONFLICTS = """
    INSERT INTO observations_measurementconflict (organisation_id, measurement_id, external_id, code_id, value_quantity,
                                                  value_boolean, unit, measured_at)
    SELECT DISTINCT organisation_id, id, external_id, code_id, quantity, boolean, unit, measured_at FROM sent
    WHERE NOT is_same AND NOT EXISTS (
        SELECT FROM observations_measurementconflict kept WHERE kept.measurement_id = sent.id
            AND (kept.external_id, kept.code_id, kept.value_quantity, kept.value_boolean, kept.unit, kept.measured_at)
                IS NOT DISTINCT FROM
                (sent.external_id, sent.code_id, sent.quantity, sent.boolean, sent.unit, sent.measured_at)
    )
"""
