"""Storing readings: set-based, one transaction, an answer for every one."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clinical_engine.common.database import array_literal
from clinical_engine.common.errors import Refusal
from observations.catalogue import Catalogue
from observations.catalogue.reading import catalogue_of, kept_catalogue
from observations.intake import corrections, refusals
from observations.intake.checking import check
from observations.intake.known import answer_known, ids_of
from observations.intake.patients import Linked, known_within
from observations.intake.rows import Answer, Outcome, Row, Sender, column, offsets_literal
from observations.readings import NoValue, Reading, Unread
from observations.recompute import write_and_mark_dirty
from patients.services import ensure_patients


def record_measurements(
    *, organisation_id: UUID, readings: Sequence[Reading | Unread], sender: Sender
) -> list[Answer]:
    """Store readings of one organisation; one answer per reading, in order. A refused one does not touch the others.

    `Unread` stands for one that could not be read: it is answered and counted like the others. In one
    transaction: patients that are new (unlinked), measurements, what corrects others, how many were refused and why, and for each
    patient that something is to be computed anew. 'accepted' means covered by an association now, 'held' not yet: it counts as
    soon as one covers it. The number of statements does not depend on the number of readings.
    """
    codes = kept_catalogue()
    answers, rows = _checked(readings, codes)
    changed_at, patients = known_within(organisation_id, _spans(rows))
    if changed_at != codes.changed_at:
        codes = catalogue_of(changed_at)
        answers, rows = _checked(readings, codes)
        _, patients = known_within(organisation_id, _spans(rows))
    # What most requests are is one statement, and needs no other to begin and to end a transaction.
    with nullcontext() if not answers and _is_plain(rows, patients) else transaction.atomic():
        if any(row.reading.replaces is not None for row in rows):
            rows, refused = corrections.record_replacements(organisation_id, rows, sender)
            answers |= refused
        if rows:
            answers |= _store(organisation_id, rows, patients, sender)
        if any(answer.outcome is Outcome.REFUSED for answer in answers.values()):
            refusals.count(organisation_id, sender.api_client_id, readings, answers, codes)
    return [answers[position] for position in range(len(readings))]


def _is_plain(rows: Sequence[Row], patients: Mapping[str, Linked]) -> bool:
    """Whether nothing but the rows themselves is to be written: no new patient, no correction."""
    return all(row.reading.replaces is None and row.reading.external_id in patients for row in rows)


def _checked(readings: Sequence[Reading | Unread], codes: Catalogue) -> tuple[dict[int, Answer], list[Row]]:
    now = timezone.now()
    answers: dict[int, Answer] = {}
    rows: list[Row] = []
    for position, reading in enumerate(readings):
        if isinstance(reading, Unread):
            answers[position] = Answer(Outcome.REFUSED, refusals=(reading.refusal,))
            continue
        checked = check(reading, codes, now)
        if isinstance(checked, list):
            answers[position] = Answer(Outcome.REFUSED, refusals=_told(reading, checked))
        else:
            rows.append(Row(position, reading, codes.by_code[reading.code].id, checked))
    return answers, rows


def _told(reading: Reading, refusals: Sequence[Refusal]) -> tuple[Refusal, ...]:
    if reading.value is not NoValue.MISSING:
        return tuple(refusals)
    # To a check it is a value of the wrong kind; a code that takes components says so itself.
    return tuple(_NO_VALUE if refusal.field == "value" else refusal for refusal in refusals)


_NO_VALUE = Refusal("value", "missing", "Is required.")


def _spans(rows: Sequence[Row]) -> dict[str, tuple[datetime, datetime]]:
    """The first and the last time of each patient's readings."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for row in rows:
        patient, time = row.reading.external_id, row.reading.measured_at
        first, last = spans.get(patient, (time, time))
        spans[patient] = min(first, time), max(last, time)
    return spans


def _store(
    organisation_id: UUID, rows: Sequence[Row], patients: Mapping[str, Linked], sender: Sender
) -> dict[int, Answer]:
    patients = _all_of(organisation_id, rows, patients)
    # By client id: two requests that send the same readings in different orders would deadlock.
    rows = sorted(rows, key=lambda row: row.reading.client_id)
    inserted = _insert(organisation_id, rows, patients, sender)
    # Only with duplicates among them: which rows are new is not read back otherwise.
    known = {} if inserted == len(rows) else ids_of(organisation_id, rows)
    new = [row for row in rows if not known or known[row.reading.client_id] == row.id]
    answers = {row.position: _answer(row, patients[row.reading.external_id]) for row in new}
    if len(new) < len(rows):
        answers |= answer_known(organisation_id, [row for row in rows if row.position not in answers])
    replacing = [row for row in rows if row.reading.replaces is not None]
    if conflicting := [row for row in replacing if answers[row.position].outcome is Outcome.CONFLICT]:
        corrections.forget_unfounded(organisation_id, conflicting)
    return answers


def _all_of(organisation_id: UUID, rows: Sequence[Row], known: Mapping[str, Linked]) -> Mapping[str, Linked]:
    """The patients of the rows, created where they were not known."""
    missing = {row.reading.external_id for row in rows} - known.keys()
    if not missing:
        return known
    created = ensure_patients(organisation_id=organisation_id, external_ids=missing)
    return {**known, **{external_id: Linked(patient) for external_id, patient in created.items()}}


def _insert(
    organisation_id: UUID, rows: Sequence[Row], patients: Mapping[str, Linked], sender: Sender
) -> int:
    # Each patient's id is sent once: reading ids is most of what the database does with such a literal.
    places = {row.reading.external_id: 0 for row in rows}
    places = {external_id: place for place, external_id in enumerate(places, 1)}
    return write_and_mark_dirty(
        """
        INSERT INTO observations_measurement (id, organisation_id, patient_id, code_id, client_id, value_quantity,
            value_boolean, value_answer, value_text, components, converted_quantity, unit, is_implausible, replaces,
            measured_at, utc_offset_minutes, source, api_client_id, received_at, due_at)
        SELECT new.id, %s::uuid, patients.ids[new.patient], new.code_id, new.client_id, new.quantity, new.boolean, new.answer,
               new.text, new.components, new.converted, COALESCE(new.unit, ''), new.is_implausible, COALESCE(new.replaces, ''),
               new.measured_at, new.utc_offset_minutes, %s::text, %s::uuid, now(), now() + %s::interval
        FROM (SELECT %s::uuid[] AS ids) AS patients,
             unnest(%s::uuid[], %s::int[], %s::int[], %s::text[], %s::numeric[], %s::bool[], %s::text[], %s::text[],
                    %s::jsonb[], %s::numeric[], %s::text[], %s::bool[], %s::text[], %s::timestamptz[], %s::smallint[])
             WITH ORDINALITY AS new (id, patient, code_id, client_id, quantity, boolean, answer, text, components,
                                     converted, unit, is_implausible, replaces, measured_at, utc_offset_minutes, position)
        ORDER BY new.position
        ON CONFLICT (organisation_id, client_id) DO NOTHING
        RETURNING organisation_id, patient_id, measured_at AS since
        """,
        [
            organisation_id,
            sender.source,
            sender.api_client_id,
            settings.MEASUREMENT_DUE,
            array_literal([patients[external_id].id for external_id in places]),
            array_literal([row.id for row in rows]),
            array_literal([places[row.reading.external_id] for row in rows]),
            array_literal([row.code_id for row in rows]),
            array_literal([row.reading.client_id for row in rows]),
            column([row.value.quantity for row in rows]),
            column([row.value.boolean for row in rows]),
            column([row.value.answer for row in rows]),
            column([row.value.text for row in rows]),
            column([row.value.components for row in rows]),
            column([row.value.converted for row in rows]),
            column([row.reading.unit for row in rows]),
            array_literal([row.value.is_implausible for row in rows]),
            column([row.reading.replaces for row in rows]),
            array_literal([row.reading.measured_at for row in rows]),
            offsets_literal(rows),
        ],
        len(places),
    )


def _answer(row: Row, patient: Linked) -> Answer:
    is_covered = patient.is_linked_at(row.reading.measured_at)
    outcome = Outcome.ACCEPTED if is_covered else Outcome.HELD
    return Answer(outcome, row.id, is_implausible=row.value.is_implausible)
