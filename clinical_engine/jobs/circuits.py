"""A circuit for each kind of work: while something it needs is broken, its jobs wait instead of failing one after another.

Closed is no row, or one whose failures are still few. Open is `open_until` in the future: nothing of the kind is claimed. When
the time is over one worker tries one job; its success closes the circuit, its failure opens it for longer.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.jobs.failures import Failure

OPENS_AFTER = 5
_FIRST_REST = timedelta(seconds=15)
_LONGEST_REST = timedelta(minutes=10)
# While one job is tried the others still wait; longer than that, and its worker is taken for lost.
_TRIAL = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Admission:
    """How much of a kind may be claimed now: `limit` jobs, None for as many as a batch has."""

    limit: int | None = None
    troubled: bool = False


def admitted(kind: str) -> Admission:
    """What may be claimed of the kind now. When the rest of an open circuit is over, it is one job for one worker only."""
    rows = fetch_all(
        "SELECT open_until IS NULL, open_until > clock_timestamp() FROM jobs_circuit WHERE kind = %s", [kind]
    )
    if not rows:
        return Admission()
    [(is_closed, rests)] = rows
    if is_closed:
        return Admission(troubled=True)
    return Admission(limit=int(not rests and _takes_the_trial(kind)), troubled=True)


def note_failure(kind: str, failure: Failure) -> None:
    """A batch of the kind has failed because something it needs is broken. From the fifth in a row the circuit is open."""
    [(failures,)] = fetch_all(
        """
        INSERT INTO jobs_circuit (kind, failures, last_failed_at, error, fingerprint)
        VALUES (%s, 1, clock_timestamp(), %s, %s)
        ON CONFLICT (kind) DO UPDATE SET failures = jobs_circuit.failures + 1, last_failed_at = excluded.last_failed_at,
                                         error = excluded.error, fingerprint = excluded.fingerprint
        RETURNING failures
        """,
        [kind, failure.summary, failure.fingerprint],
    )
    if failures >= OPENS_AFTER:
        execute(
            """
            UPDATE jobs_circuit SET open_until = clock_timestamp() + %s, opened_at = COALESCE(opened_at, clock_timestamp())
            WHERE kind = %s
            """,
            [_rest(failures - OPENS_AFTER), kind],
        )


def close(kind: str) -> bool:
    """Forget the kind's failures: something of it has succeeded, or a person says so. False when there were none."""
    return execute("DELETE FROM jobs_circuit WHERE kind = %s", [kind]) > 0


def _takes_the_trial(kind: str) -> bool:
    taken = execute(
        "UPDATE jobs_circuit SET open_until = clock_timestamp() + %s WHERE kind = %s AND open_until <= clock_timestamp()",
        [_TRIAL, kind],
    )
    return taken > 0


def _rest(times: int) -> timedelta:
    # Jitter, so that the kinds that one dependency broke do not come back together.
    longest: timedelta = min(_LONGEST_REST, _FIRST_REST * 2 ** min(times, 20))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
