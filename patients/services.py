"""Accepting statements about patients: each call one transaction, set-based, whatever its size."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.common.errors import Refusal, RefusedError
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from patients.models import StatementKind, StatementSource
from patients.validation import refusals_of_text, refusals_of_time
from submitters.models import Submitter


@dataclass(frozen=True, slots=True)
class NewStatement:
    """What a sender says: the patient `external_id` is active or inactive since `effective_at`, under the sender's own id."""

    client_id: str
    external_id: str
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """Who says it."""

    source: StatementSource
    api_client_id: UUID | None = None
    actor_id: int | None = None


class Acceptance(StrEnum):
    """What became of one statement that was sent."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to one statement; for a duplicate or a conflict the ids are those of the first."""

    outcome: Acceptance
    statement_id: UUID
    patient_id: UUID
    job_id: UUID


@dataclass(frozen=True, slots=True)
class _Row:
    said: NewStatement
    id: UUID = field(default_factory=new_id)
    job_id: UUID = field(default_factory=new_id)


def activate(*, submitter: Submitter, statements: Sequence[NewStatement], origin: Origin) -> list[Accepted]:
    """Accept that patients are active with `submitter`; one answer per item, in order.

    Writes patients that are new, statements and one `associate` job each, in one transaction. The same client id with the same
    content is a duplicate; with other content a conflict, kept for staff to see. Raises RefusedError, and stores nothing, for a
    text or time that cannot be accepted.
    """
    return _accept(StatementKind.ACTIVATION, submitter, statements, origin)


def deactivate(*, submitter: Submitter, statements: Sequence[NewStatement], origin: Origin) -> list[Accepted]:
    """Accept that patients are inactive with `submitter`; as `activate`."""
    return _accept(StatementKind.DEACTIVATION, submitter, statements, origin)


def ensure_patients(*, organisation_id: UUID, external_ids: Iterable[str]) -> dict[str, UUID]:
    """The patients of these external ids, created where they were not known; two statements for any number."""
    # Sorted: two requests that create the same patients in different orders would deadlock.
    wanted = sorted(set(external_ids))
    execute(
        """
        INSERT INTO patients_patient (id, organisation_id, external_id)
        SELECT new.id, %s, new.external_id
        FROM unnest(%s::uuid[], %s::text[]) WITH ORDINALITY AS new (id, external_id, position)
        WHERE NOT EXISTS (SELECT FROM patients_patient known
                          WHERE known.organisation_id = %s AND known.external_id = new.external_id)
        ORDER BY new.position
        ON CONFLICT (organisation_id, external_id) DO NOTHING
        """,
        [
            organisation_id,
            array_literal(new_id() for _ in wanted),
            array_literal(wanted),
            organisation_id,
        ],
    )
    rows = fetch_all(
        "SELECT external_id, id FROM patients_patient WHERE organisation_id = %s AND external_id = ANY(%s::text[])",
        [organisation_id, array_literal(wanted)],
    )
    return dict(rows)


@transaction.atomic
def _accept(
    kind: StatementKind, submitter: Submitter, statements: Sequence[NewStatement], origin: Origin
) -> list[Accepted]:
    _refuse_what_cannot_be(statements)
    patients = ensure_patients(
        organisation_id=submitter.organisation_id, external_ids=(item.external_id for item in statements)
    )
    rows = [_Row(item) for item in statements]
    new = _insert_statements(kind, submitter, rows, patients, origin)
    if new:
        _enqueue([row for row in rows if row.id in new], submitter, patients)
    known = _statements_by_client_id(
        submitter.organisation_id, [row.said.client_id for row in rows if row.id not in new]
    )
    answers = []
    for row in rows:
        if row.id in new:
            patient_id = patients[row.said.external_id]
            answers.append(Accepted(Acceptance.ACCEPTED, row.id, patient_id, row.job_id))
        else:
            answers.append(known[row.said.client_id].answer_to(row.said, kind, submitter))
    _keep_conflicts(kind, submitter, rows, answers)
    return answers


def _refuse_what_cannot_be(statements: Sequence[NewStatement]) -> None:
    now = timezone.now()
    refusals: list[Refusal] = []
    for item in statements:
        refusals += refusals_of_text("client_id", item.client_id)
        refusals += refusals_of_text("external_id", item.external_id)
        refusals += refusals_of_time("effective_at", item.effective_at, now)
    if refusals:
        raise RefusedError(*refusals)


def _insert_statements(
    kind: StatementKind,
    submitter: Submitter,
    rows: Sequence[_Row],
    patients: Mapping[str, UUID],
    origin: Origin,
) -> set[UUID]:
    # By client id: two requests that send the same statements in different orders would deadlock.
    ordered = sorted(rows, key=lambda row: row.said.client_id)
    inserted = fetch_all(
        """
        INSERT INTO patients_statement (id, organisation_id, patient_id, submitter_id, kind, effective_at, client_id, source,
                                        api_client_id, actor_id, job_id, received_at, due_at)
        SELECT new.id, %s, new.patient_id, %s, %s, new.effective_at, new.client_id, %s, %s, %s, new.job_id, now(), now() + %s
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::text[])
             WITH ORDINALITY AS new (id, job_id, patient_id, effective_at, client_id, position)
        ORDER BY new.position
        ON CONFLICT (organisation_id, client_id) DO NOTHING
        RETURNING id
        """,
        [
            submitter.organisation_id,
            submitter.id,
            kind,
            origin.source,
            origin.api_client_id,
            origin.actor_id,
            settings.STATEMENT_DUE,
            array_literal(row.id for row in ordered),
            array_literal(row.job_id for row in ordered),
            array_literal(patients[row.said.external_id] for row in ordered),
            array_literal(row.said.effective_at for row in ordered),
            array_literal(row.said.client_id for row in ordered),
        ],
    )
    return {row[0] for row in inserted}


def _enqueue(rows: Sequence[_Row], submitter: Submitter, patients: Mapping[str, UUID]) -> None:
    ledger.enqueue(
        "associate",
        [
            ledger.NewJob(
                payload={"statement_id": str(row.id)},
                organisation_id=submitter.organisation_id,
                submitter_id=submitter.id,
                patient_id=patients[row.said.external_id],
                id=row.job_id,
            )
            for row in rows
        ],
    )


@dataclass(frozen=True, slots=True)
class _Known:
    id: UUID
    patient_id: UUID
    job_id: UUID
    content: tuple[str, UUID, str, datetime]

    def answer_to(self, said: NewStatement, kind: StatementKind, submitter: Submitter) -> Accepted:
        sent = (str(kind), submitter.id, said.external_id, said.effective_at.astimezone(UTC))
        outcome = Acceptance.DUPLICATE if sent == self.content else Acceptance.CONFLICT
        return Accepted(outcome, self.id, self.patient_id, self.job_id)


def _statements_by_client_id(organisation_id: UUID, client_ids: Sequence[str]) -> dict[str, _Known]:
    if not client_ids:
        return {}
    rows = fetch_all(
        """
        SELECT s.client_id, s.id, s.patient_id, s.job_id, s.kind, s.submitter_id, p.external_id, s.effective_at
        FROM patients_statement s JOIN patients_patient p ON p.id = s.patient_id
        WHERE s.organisation_id = %s AND s.client_id = ANY(%s::text[])
        """,
        [organisation_id, array_literal(client_ids)],
    )
    return {
        row[0]: _Known(row[1], row[2], row[3], (row[4], row[5], row[6], row[7].astimezone(UTC)))
        for row in rows
    }


def _keep_conflicts(
    kind: StatementKind, submitter: Submitter, rows: Sequence[_Row], answers: Sequence[Accepted]
) -> None:
    conflicts = [
        (row.said, answer.statement_id)
        for row, answer in zip(rows, answers, strict=True)
        if answer.outcome is Acceptance.CONFLICT
    ]
    if conflicts:
        execute(
            """
            INSERT INTO patients_statementconflict (organisation_id, submitter_id, kind, statement_id, external_id, effective_at)
            SELECT DISTINCT %s::uuid, %s::uuid, %s, new.statement_id, new.external_id, new.effective_at
            FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS new (statement_id, external_id, effective_at)
            WHERE NOT EXISTS (
                SELECT FROM patients_statementconflict known WHERE (known.statement_id, known.submitter_id, known.kind,
                    known.external_id, known.effective_at) = (new.statement_id, %s, %s, new.external_id, new.effective_at)
            )
            """,
            [
                submitter.organisation_id,
                submitter.id,
                kind,
                array_literal(statement_id for _, statement_id in conflicts),
                array_literal(said.external_id for said, _ in conflicts),
                array_literal(said.effective_at for said, _ in conflicts),
                submitter.id,
                kind,
            ],
        )
