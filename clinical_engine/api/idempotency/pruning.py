"""Deleting what has expired."""

from django.db import transaction

from clinical_engine.api.idempotency.answers import KEPT_FOR
from clinical_engine.common.database import execute, fetch_all

# Any number that no other advisory lock of this database uses.
_LOCK = 7_301_020
SLICE = 1_000
# At every ten minutes more than a day's requests expire in a day; a single run ends well within a task's time limit.
_MOST_SLICES = 100


def prune() -> int:
    """Delete expired answers, a transaction for each slice of them; how many there were."""
    pruned = 0
    for _ in range(_MOST_SLICES):
        in_slice = _prune_slice()
        pruned += in_slice
        if in_slice < SLICE:
            break
    return pruned


@transaction.atomic
def _prune_slice() -> int:
    if fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK]) != [(True,)]:
        return 0
    # Locked ones are left alone: a request is putting its new answer in the place of one that has expired.
    return execute(
        """
        DELETE FROM api_storedanswer WHERE digest = ANY(ARRAY(
            SELECT digest FROM api_storedanswer WHERE created_at <= now() - %s
            ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
        ))
        """,
        [KEPT_FOR, SLICE],
    )
