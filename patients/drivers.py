"""What statements about patients may grow with."""

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.drivers import EXACT_UP_TO, Driver, about

_OPEN = {
    "table": "patients_association",
    "condition": "dissociated_at IS NULL",
    "index": "association_open_once",
}
_SAMPLED = 10_000
# Of the sampled links each stands for one part of its patient, in as many parts as the patient has links. The same blocks are
# drawn each time: what chance adds stays the same from day to day, and is no growth.
_PATIENTS_PER_LINK = """
    SELECT avg(1.0 / links.number)
    FROM patients_association AS sampled TABLESAMPLE SYSTEM (%s) REPEATABLE (1)
    CROSS JOIN LATERAL (
        SELECT count(*) AS number FROM patients_association other
        WHERE other.patient_id = sampled.patient_id AND other.dissociated_at IS NULL
    ) links
    WHERE sampled.dissociated_at IS NULL
"""


def open_associations() -> float:
    """How many patients are linked to a submitter, counted once for each of their submitters. As accurate as `about`."""
    return about(**_OPEN)


def active_patients() -> float:
    """How many patients are linked to any submitter.

    Exact while there are at most 200,000 links. Above that the links, as accurate as `about`, times the patients per link of about
    10,000 sampled ones: within another 1 %. Raises OperationalError after 3 seconds.
    """
    links = open_associations()
    if links <= EXACT_UP_TO:
        [(patients,)] = fetch_all(
            "SELECT count(DISTINCT patient_id) FROM patients_association WHERE dissociated_at IS NULL"
        )
        return float(patients)
    # Of the whole table, closed links as well.
    share = 100 * min(_SAMPLED / links, 1.0)
    [(patients_per_link,)] = fetch_all(_PATIENTS_PER_LINK, [share])
    return links * float(patients_per_link or 1)


DRIVERS = (
    Driver("active_patients", "active patients", active_patients),
    Driver("open_associations", "open associations", open_associations),
)
