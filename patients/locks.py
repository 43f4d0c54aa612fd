"""The patient's lock: whoever writes what follows from a patient's facts holds it."""

from collections.abc import Iterable
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all

_WAIT = "500ms"


def lock_patients(patient_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Lock the patients' rows until the transaction ends; the organisation of each.

    In key order, so that overlapping batches cannot deadlock. Raises OperationalError (55P03) when another job holds one for
    longer than half a second. FOR NO KEY UPDATE lets measurements and statements about the patient come in meanwhile.
    """
    execute(f"SET LOCAL lock_timeout = '{_WAIT}'")
    rows = fetch_all(
        "SELECT id, organisation_id FROM patients_patient WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE",
        [array_literal(patient_ids)],
    )
    return dict(rows)
