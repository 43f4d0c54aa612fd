"""Job kinds that do nothing, or next to nothing: what is left is what the ledger itself costs."""

from collections.abc import Sequence

import msgspec

from clinical_engine.common.database import execute
from clinical_engine.jobs import registry
from clinical_engine.jobs.registry import ClaimedJob, JobKind

STARTED = "benchmark-started"


class Empty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A payload that holds nothing."""


def do_nothing(batch: Sequence[ClaimedJob]) -> None:
    """A handler that has nothing to do."""


def note_the_start(batch: Sequence[ClaimedJob]) -> None:
    """A handler that writes down when it was called, by the database's clock."""
    execute(
        "INSERT INTO jobs_periodicrun VALUES (%s, clock_timestamp())"
        " ON CONFLICT (name) DO UPDATE SET last_run_at = excluded.last_run_at",
        [STARTED],
    )


EMPTY = JobKind("benchmark_empty", do_nothing, Empty)
NOTED = JobKind("benchmark_noted", note_the_start, Empty)


def register_kinds() -> None:
    """Make them known in this process."""
    for kind in (EMPTY, NOTED):
        registry.register(kind)
