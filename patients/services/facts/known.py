"""Facts whose client id was there before: duplicates, and conflicts, which are kept for staff to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from patients.services.facts.said import AcceptedFact, NewFact
from patients.services.statements import Acceptance


@dataclass(frozen=True, slots=True)
class Known:
    """A stored fact, and what it says."""

    id: UUID
    patient_id: UUID
    content: tuple[str, str, str, datetime]

    def answer_to(self, said: NewFact, value: str) -> AcceptedFact:
        """Whether what was sent under the same client id, `value` as it would be stored, says the same."""
        sent = (said.external_id, said.name, value, said.effective_from.astimezone(UTC))
        outcome = Acceptance.DUPLICATE if sent == self.content else Acceptance.CONFLICT
        return AcceptedFact(outcome, self.id, self.patient_id)


def known_facts(organisation_id: UUID, client_ids: Sequence[str]) -> dict[str, Known]:
    """The organisation's facts of these client ids; one query."""
    rows = fetch_all(
        """
        SELECT fact.client_id, fact.id, fact.patient_id, patient.external_id, fact.name, fact.value, fact.effective_from
        FROM patients_patientfact fact JOIN patients_patient patient ON patient.id = fact.patient_id
        WHERE fact.organisation_id = %s AND fact.client_id = ANY(%s::text[])
        """,
        [organisation_id, array_literal(client_ids)],
    )
    return {row[0]: Known(row[1], row[2], (*row[3:6], row[6].astimezone(UTC))) for row in rows}


def keep_conflicts(organisation_id: UUID, answered: Sequence[tuple[NewFact, str, AcceptedFact]]) -> None:
    """Write down what is in conflict, once however often it is sent; one statement, none where there is no conflict."""
    conflicts = [item for item in answered if item[2].outcome is Acceptance.CONFLICT]
    if not conflicts:
        return
    execute(
        """
        INSERT INTO patients_factconflict (organisation_id, fact_id, external_id, name, value, effective_from)
        SELECT DISTINCT %s::uuid, new.fact_id, new.external_id, new.name, new.value, new.effective_from
        FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
             AS new (fact_id, external_id, name, value, effective_from)
        WHERE NOT EXISTS (
            SELECT FROM patients_factconflict kept
            WHERE (kept.fact_id, kept.external_id, kept.name, kept.value, kept.effective_from)
                = (new.fact_id, new.external_id, new.name, new.value, new.effective_from)
        )
        """,
        [
            organisation_id,
            array_literal(answer.fact_id for _, _, answer in conflicts),
            array_literal(said.external_id for said, _, _ in conflicts),
            array_literal(said.name for said, _, _ in conflicts),
            array_literal(value for _, value, _ in conflicts),
            array_literal(said.effective_from for said, _, _ in conflicts),
        ],
    )
