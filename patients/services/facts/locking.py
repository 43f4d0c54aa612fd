"""The one lock of facts: between those that come in, and those that are taken back.

A fact and its retraction may come in at the same moment, in either order. Unseen by each other neither would have the patient's
results computed anew without the fact. Whoever comes second therefore waits until the first has committed. Facts do not wait for
each other, only for the rare retraction in the same organisation.
"""

from uuid import UUID

from clinical_engine.common.database import execute

# Any number that no other advisory lock of this database uses; the second key is the organisation's.
_LOCK = 7_150_031


def lock_for_facts(organisation_id: UUID) -> None:
    """See every retraction in the organisation from here on, and let no other commit before the transaction ends."""
    execute("SELECT pg_advisory_xact_lock_shared(%s, hashtext(%s))", [_LOCK, str(organisation_id)])


def lock_for_retraction(organisation_id: UUID) -> None:
    """See every fact in the organisation from here on, and let no other commit before the transaction ends."""
    execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(organisation_id)])
