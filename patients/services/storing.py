"""Storing statements that can be accepted: patients, statements and their jobs, within the caller's transaction."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from django.conf import settings

from clinical_engine.common.database import array_literal, execute
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from patients.models import StatementKind
from patients.services.known import Known, known_statements
from patients.services.patients import ensure_patients
from patients.services.statements import Acceptance, Accepted, NewStatement, Origin
from submitters.models import Submitter


class _Row(msgspec.Struct, frozen=True, gc=False):
    said: NewStatement
    patient_id: UUID
    id: UUID = msgspec.field(default_factory=new_id)
    job_id: UUID = msgspec.field(default_factory=new_id)

    def is_new(self, known: Mapping[str, Known]) -> bool:
        """Whether it was written: `known` is empty when all rows were, and otherwise holds what stands under their client ids."""
        return not known or known[self.said.client_id].id == self.id


def store(
    kind: StatementKind, submitter: Submitter, statements: Sequence[NewStatement], origin: Origin
) -> list[Accepted]:
    """Write what is new of the statements: one answer for each, in order; what is in conflict is the caller's to keep."""
    patients = ensure_patients(
        organisation_id=submitter.organisation_id, external_ids=(item.external_id for item in statements)
    )
    rows = [_Row(item, patients[item.external_id]) for item in statements]
    inserted = _insert(kind, submitter, rows, origin)
    # Only with duplicates among them: which rows are new is not read back otherwise.
    known = {} if inserted == len(rows) else known_statements(submitter.organisation_id, _client_ids(rows))
    new = [row for row in rows if row.is_new(known)]
    if new:
        _enqueue(new, submitter)
    return [
        Accepted(Acceptance.ACCEPTED, row.id, row.patient_id, row.job_id)
        if row.is_new(known)
        else known[row.said.client_id].answer_to(row.said, kind, submitter)
        for row in rows
    ]


def _client_ids(rows: Sequence[_Row]) -> list[str]:
    return [row.said.client_id for row in rows]


def _insert(kind: StatementKind, submitter: Submitter, rows: Sequence[_Row], origin: Origin) -> int:
    # By client id: two requests that send the same statements in different orders would deadlock.
    ordered = sorted(rows, key=lambda row: row.said.client_id)
    return execute(
        """
        INSERT INTO patients_statement (id, organisation_id, patient_id, submitter_id, kind, effective_at, client_id, source,
                                        api_client_id, actor_id, job_id, received_at, due_at)
        SELECT new.id, %s, new.patient_id, %s, %s, new.effective_at, new.client_id, %s, %s, %s, new.job_id, now(), now() + %s
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::text[])
             WITH ORDINALITY AS new (id, job_id, patient_id, effective_at, client_id, position)
        ORDER BY new.position
        ON CONFLICT (organisation_id, client_id) DO NOTHING
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
            array_literal(row.patient_id for row in ordered),
            array_literal(row.said.effective_at for row in ordered),
            array_literal(row.said.client_id for row in ordered),
        ],
    )


def _enqueue(rows: Sequence[_Row], submitter: Submitter) -> None:
    ledger.enqueue(
        "associate",
        [
            ledger.NewJob(
                payload={"statement_id": str(row.id)},
                organisation_id=submitter.organisation_id,
                submitter_id=submitter.id,
                patient_id=row.patient_id,
                id=row.job_id,
            )
            for row in rows
        ],
    )
