"""Batches as processes write them, without the processes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from clinical_engine.profiling.capture import batches
from clinical_engine.profiling.capture.tally import Tally
from clinical_engine.profiling.capture.units import Execution
from clinical_engine.profiling.models import CapturedBatch

TEXT = "SELECT a FROM t WHERE b = %s"


def ran(seconds: float = 0.01, text: str = TEXT, **fields: Any) -> Execution:
    """One execution of a statement; `fields` are set instead of the usual ones."""
    usual = Execution(text, None, seconds, rows=1, parameters=1, values=0, size=40, sqlstate=None)
    return usual._replace(**fields)


def batch(
    executions: Iterable[Execution],
    *,
    origin: str = "GET /api/v1/things",
    release: str = "r1",
    at: datetime | None = None,
    repeated: int = 0,
) -> CapturedBatch:
    """A batch that waits for the roll-up, of one unit of work."""
    tally, each = Tally(), list(executions)
    counts = {(one.text, one.place): repeated for one in each} if repeated else None
    tally.add(origin, each, counts)
    content = batches.encoded(release, tally.taken())
    return CapturedBatch.objects.create(
        format=batches.FORMAT, content=content, captured_at=at or timezone.now()
    )
