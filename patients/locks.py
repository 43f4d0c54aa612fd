"""The patient's lock: whoever writes what follows from a patient's facts holds it."""

from clinical_engine.common.database import execute, fetch_all

_WAIT = "500ms"


def lock_patients(patients: str) -> int:
    """Lock the patients' rows (an array literal of their ids) until the transaction ends; how many there are.

    In key order, so that overlapping batches cannot deadlock. Raises OperationalError (55P03) when another job holds one for
    longer than half a second. FOR NO KEY UPDATE lets measurements and statements about the patient come in meanwhile.
    """
    execute(f"SET LOCAL lock_timeout = '{_WAIT}'")
    [(locked,)] = fetch_all(
        """
        SELECT count(*) FROM (
            SELECT FROM patients_patient WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE
        ) AS locked
        """,
        [patients],
    )
    return int(locked)
