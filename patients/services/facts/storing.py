"""Storing facts that can be accepted: patients, facts, and what follows for those who listen."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction

from clinical_engine.common.database import array_literal, execute
from clinical_engine.common.identifiers import new_id
from patients.registry import tell_changed_facts
from patients.services.facts.known import Known, keep_conflicts, known_facts
from patients.services.facts.locking import lock_for_facts
from patients.services.facts.said import AcceptedFact, FactOrigin, NewFact
from patients.services.patients import ensure_patients
from patients.services.statements import Acceptance


class Row(msgspec.Struct, frozen=True, gc=False):
    """A fact that can be accepted, at its place in the request, and the text that is stored as its value."""

    position: int
    said: NewFact
    value: str
    id: UUID = msgspec.field(default_factory=new_id)

    def is_new(self, known: Mapping[str, Known]) -> bool:
        """Whether it was written: `known` is empty when all rows were, and otherwise holds what stands under their client ids."""
        return not known or known[self.said.client_id].id == self.id


@transaction.atomic
def store(organisation_id: UUID, rows: Sequence[Row], origin: FactOrigin) -> dict[int, AcceptedFact]:
    """Write what is new of the facts, and keep what is in conflict; the answers by the rows' positions."""
    lock_for_facts(organisation_id)
    patients = ensure_patients(
        organisation_id=organisation_id, external_ids=(row.said.external_id for row in rows)
    )
    # By client id: two requests that send the same facts in different orders would deadlock.
    rows = sorted(rows, key=lambda row: row.said.client_id)
    inserted = _insert(organisation_id, rows, patients, origin)
    # Only with duplicates among them: which rows are new is not read back otherwise.
    known = (
        {} if inserted == len(rows) else known_facts(organisation_id, [row.said.client_id for row in rows])
    )
    _tell(organisation_id, [row for row in rows if row.is_new(known)], patients)
    answers = {
        row.position: AcceptedFact(Acceptance.ACCEPTED, row.id, patients[row.said.external_id])
        if row.is_new(known)
        else known[row.said.client_id].answer_to(row.said, row.value)
        for row in rows
    }
    keep_conflicts(organisation_id, [(row.said, row.value, answers[row.position]) for row in rows])
    return answers


def _insert(
    organisation_id: UUID, rows: Sequence[Row], patients: Mapping[str, UUID], origin: FactOrigin
) -> int:
    return execute(
        """
        INSERT INTO patients_patientfact (id, organisation_id, patient_id, name, value, effective_from, client_id, source,
                                          api_client_id, actor_id, reason, recorded_at)
        SELECT new.id, %s, new.patient_id, new.name, new.value, new.effective_from, new.client_id, %s, %s, %s, %s, now()
        FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::text[])
             WITH ORDINALITY AS new (id, patient_id, name, value, effective_from, client_id, position)
        ORDER BY new.position
        ON CONFLICT (organisation_id, client_id) DO NOTHING
        """,
        [
            organisation_id,
            origin.source,
            origin.api_client_id,
            origin.actor_id,
            origin.reason,
            array_literal(row.id for row in rows),
            array_literal(patients[row.said.external_id] for row in rows),
            array_literal(row.said.name for row in rows),
            array_literal(row.value for row in rows),
            array_literal(row.said.effective_from for row in rows),
            array_literal(row.said.client_id for row in rows),
        ],
    )


def _tell(organisation_id: UUID, rows: Sequence[Row], patients: Mapping[str, UUID]) -> None:
    since: dict[UUID, datetime] = {}
    for row in rows:
        patient, time = patients[row.said.external_id], row.said.effective_from
        since[patient] = min(time, since.get(patient, time))
    if since:
        tell_changed_facts(since, dict.fromkeys(since, organisation_id))
