"""Facts that were entered in error."""

from uuid import UUID

from django.db import transaction

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.common.errors import RefusedError
from patients.registry import tell_changed_facts
from patients.services.facts.locking import lock_for_retraction
from patients.services.facts.said import MAX_REASON, FactOrigin
from patients.validation import refusals_of_text


def enter_fact_in_error(*, organisation_id: UUID, client_id: str, origin: FactOrigin) -> bool:
    """Say that a fact was entered in error, for `origin.reason`; it counts no longer, and stays readable. It may come in later.

    False when the same was said before: what was said first stands. Raises RefusedError when the client id or the reason cannot
    be accepted.
    """
    refusals = [
        *refusals_of_text("client_id", client_id),
        *refusals_of_text("reason", origin.reason, MAX_REASON),
    ]
    if refusals:
        raise RefusedError(*refusals)
    return _note(organisation_id, client_id, origin)


@transaction.atomic
def _note(organisation_id: UUID, client_id: str, origin: FactOrigin) -> bool:
    lock_for_retraction(organisation_id)
    written = execute(
        """
        INSERT INTO patients_factretraction (organisation_id, client_id, reason, source, api_client_id, actor_id)
        VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (organisation_id, client_id) DO NOTHING
        """,
        [organisation_id, client_id, origin.reason, origin.source, origin.api_client_id, origin.actor_id],
    )
    if written:
        _tell(organisation_id, client_id)
    return bool(written)


def _tell(organisation_id: UUID, client_id: str) -> None:
    facts = fetch_all(
        "SELECT patient_id, effective_from FROM patients_patientfact WHERE organisation_id = %s AND client_id = %s",
        [organisation_id, client_id],
    )
    # None where the fact has not come in: it will tell of itself, and count for nothing.
    for patient_id, effective_from in facts:
        tell_changed_facts({patient_id: effective_from}, {patient_id: organisation_id})
