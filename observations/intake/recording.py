"""Storing readings: set-based, one transaction, an answer for every one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.common.errors import Refusal
from observations.catalogue import Catalogue, catalogue
from observations.intake import corrections, refusals
from observations.intake.checking import check
from observations.intake.known import answer_known, ids_of
from observations.intake.rows import Answer, Outcome, Row, Sender, column
from observations.readings import Reading
from observations.recompute import mark_dirty
from patients.services import ensure_patients, known_patients


@transaction.atomic
def record_measurements(
    *, organisation_id: UUID, readings: Sequence[Reading | Refusal], sender: Sender
) -> list[Answer]:
    """Store readings of one organisation; one answer per reading, in order. A refused one does not touch the others.

    A refusal in place of a reading stands for one that could not be read: it is answered and counted like the others. In one
    transaction: patients that are new (unlinked), measurements, what corrects others, how many were refused and why, and for each
    patient that something is to be computed anew. 'accepted' means covered by an association now, 'held' not yet: it counts as
    soon as one covers it. The number of statements does not depend on the number of readings.
    """
    codes = catalogue()
    answers, rows = _checked(readings, codes, timezone.now())
    if any(row.reading.replaces is not None for row in rows):
        rows, refused = corrections.record_replacements(organisation_id, rows, sender)
        answers |= refused
    if rows:
        answers |= _store(organisation_id, rows, sender)
    if any(answer.outcome is Outcome.REFUSED for answer in answers.values()):
        refusals.count(organisation_id, sender.api_client_id, readings, answers, codes)
    return [answers[position] for position in range(len(readings))]


def _checked(
    readings: Sequence[Reading | Refusal], codes: Catalogue, now: datetime
) -> tuple[dict[int, Answer], list[Row]]:
    answers: dict[int, Answer] = {}
    rows: list[Row] = []
    for position, reading in enumerate(readings):
        if isinstance(reading, Refusal):
            answers[position] = Answer(Outcome.REFUSED, refusals=(reading,))
            continue
        checked = check(reading, codes, now)
        if isinstance(checked, list):
            answers[position] = Answer(Outcome.REFUSED, refusals=tuple(checked))
        else:
            rows.append(Row(position, reading, codes.by_code[reading.code].id, checked))
    return answers, rows


def _store(organisation_id: UUID, rows: Sequence[Row], sender: Sender) -> dict[int, Answer]:
    patients = _patients(organisation_id, {row.reading.external_id for row in rows})
    # By client id: two requests that send the same readings in different orders would deadlock.
    rows = sorted(rows, key=lambda row: row.reading.client_id)
    inserted = _insert(organisation_id, rows, patients, sender)
    # Only with duplicates among them: which rows are new is not read back otherwise.
    known = {} if inserted == len(rows) else ids_of(organisation_id, rows)
    new = [row for row in rows if not known or known[row.reading.client_id] == row.id]
    answers = _answer_new(organisation_id, new, patients) if new else {}
    if len(new) < len(rows):
        answers |= answer_known(organisation_id, [row for row in rows if row.position not in answers])
    return answers


def _patients(organisation_id: UUID, external_ids: set[str]) -> dict[str, UUID]:
    known = known_patients(organisation_id=organisation_id, external_ids=external_ids)
    missing = external_ids - known.keys()
    return (
        known | ensure_patients(organisation_id=organisation_id, external_ids=missing) if missing else known
    )


def _insert(organisation_id: UUID, rows: Sequence[Row], patients: Mapping[str, UUID], sender: Sender) -> int:
    return execute(
        """
        INSERT INTO observations_measurement (id, organisation_id, patient_id, code_id, client_id, value_quantity,
            value_boolean, value_answer, value_text, components, converted_quantity, unit, is_implausible, replaces,
            measured_at, utc_offset_minutes, source, api_client_id, received_at, due_at)
        SELECT new.id, %s, new.patient_id, new.code_id, new.client_id, new.quantity, new.boolean, new.answer, new.text,
               new.components, new.converted, COALESCE(new.unit, ''), new.is_implausible, COALESCE(new.replaces, ''),
               new.measured_at, new.utc_offset_minutes, %s, %s, now(), now() + %s
        FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::numeric[], %s::bool[], %s::text[], %s::text[],
                    %s::jsonb[], %s::numeric[], %s::text[], %s::bool[], %s::text[], %s::timestamptz[], %s::smallint[])
             WITH ORDINALITY AS new (id, patient_id, code_id, client_id, quantity, boolean, answer, text, components,
                                     converted, unit, is_implausible, replaces, measured_at, utc_offset_minutes, position)
        ORDER BY new.position
        ON CONFLICT (organisation_id, client_id) DO NOTHING
        """,
        [
            organisation_id,
            sender.source,
            sender.api_client_id,
            settings.MEASUREMENT_DUE,
            array_literal([row.id for row in rows]),
            array_literal([patients[row.reading.external_id] for row in rows]),
            array_literal([row.code_id for row in rows]),
            array_literal([row.reading.client_id for row in rows]),
            column(rows, lambda row: row.value.quantity),
            column(rows, lambda row: row.value.boolean),
            column(rows, lambda row: row.value.answer),
            column(rows, lambda row: row.value.text),
            column(rows, lambda row: row.value.components),
            column(rows, lambda row: row.value.converted),
            column(rows, lambda row: row.reading.unit),
            array_literal([row.value.is_implausible for row in rows]),
            column(rows, lambda row: row.reading.replaces),
            array_literal([row.reading.measured_at for row in rows]),
            array_literal([row.offset_minutes for row in rows]),
        ],
    )


def _answer_new(
    organisation_id: UUID, rows: Sequence[Row], patients: Mapping[str, UUID]
) -> dict[int, Answer]:
    spans: dict[UUID, tuple[datetime, datetime]] = {}
    for row in rows:
        patient, time = patients[row.reading.external_id], row.reading.measured_at
        first, last = spans.get(patient, (time, time))
        spans[patient] = min(first, time), max(last, time)
    mark_dirty(
        {patient: first for patient, (first, _) in spans.items()}, dict.fromkeys(spans, organisation_id)
    )
    periods = _periods(spans)
    return {row.position: _answer(row, periods.get(patients[row.reading.external_id], ())) for row in rows}


Period = tuple[datetime, datetime | None]


def _answer(row: Row, periods: Sequence[Period]) -> Answer:
    time = row.reading.measured_at
    is_covered = any(begin <= time and (end is None or time < end) for begin, end in periods)
    outcome = Outcome.ACCEPTED if is_covered else Outcome.HELD
    return Answer(outcome, row.id, is_implausible=row.value.is_implausible)


def _periods(spans: Mapping[UUID, tuple[datetime, datetime]]) -> dict[UUID, list[Period]]:
    """The periods of the patients that touch the span of each one's readings."""
    periods: dict[UUID, list[Period]] = {}
    for patient, begin, end in fetch_all(
        """
        SELECT association.patient_id, association.associated_at, association.dissociated_at
        FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) AS span (patient_id, first, last)
        JOIN patients_association association ON association.patient_id = span.patient_id
             AND association.associated_at <= span.last
             AND (association.dissociated_at IS NULL OR association.dissociated_at > span.first)
        """,
        [
            array_literal(spans),
            array_literal(first for first, _ in spans.values()),
            array_literal(last for _, last in spans.values()),
        ],
    ):
        periods.setdefault(patient, []).append((begin, end))
    return periods
