"""Statements whose client id was there before: duplicates, and conflicts, which are kept for staff to see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from patients.models import StatementKind
from patients.services.statements import Acceptance, Accepted, NewStatement
from submitters.models import Submitter


@dataclass(frozen=True, slots=True)
class Known:
    """A stored statement, and what it says."""

    id: UUID
    patient_id: UUID
    job_id: UUID
    content: tuple[str, UUID, str, datetime]

    def answer_to(self, said: NewStatement, kind: StatementKind, submitter: Submitter) -> Accepted:
        """Whether what was sent under the same client id says the same."""
        sent = (str(kind), submitter.id, said.external_id, said.effective_at.astimezone(UTC))
        outcome = Acceptance.DUPLICATE if sent == self.content else Acceptance.CONFLICT
        return Accepted(outcome, self.id, self.patient_id, self.job_id)


def known_statements(organisation_id: UUID, client_ids: Sequence[str]) -> dict[str, Known]:
    """The organisation's statements of these client ids; one query, none for no id."""
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
        row[0]: Known(row[1], row[2], row[3], (row[4], row[5], row[6], row[7].astimezone(UTC)))
        for row in rows
    }


def keep_conflicts(
    kind: StatementKind, submitter: Submitter, answered: Iterable[tuple[NewStatement, Accepted]]
) -> None:
    """Write down what is in conflict, once however often it is sent; one statement, none where there is no conflict."""
    conflicts = [
        (said, answer.statement_id) for said, answer in answered if answer.outcome is Acceptance.CONFLICT
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
