"""Jobs that wait for another release: of a kind that this one does not know, or in a format newer than it reads."""

from collections.abc import Sequence
from functools import reduce
from itertools import product
from operator import or_

from django.conf import settings
from django.db.models import BooleanField, F, Func, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Now

from clinical_engine.common.database import array_literal, fetch_all
from clinical_engine.jobs.models import Circuit, Job
from clinical_engine.jobs.registry import kinds
from clinical_engine.jobs.states import CLAIMABLE

# What cannot be claimed gathers at the head of the claim's index, since the work around it is taken away. Looking no deeper
# keeps the question cheap while a million readable jobs wait.
_LOOKED_AT = 10_000
# Parameters: names of the known kinds; then, for each known kind and queue, kind, queue and newest readable format.
# An unknown kind is found by leaping from one kind to the next, a few steps in the index however many jobs there are. Its jobs
# are asked for in the order of that index: otherwise the planner, who takes any kind for a common one, reads the whole table.
_WAITING = f"""
    WITH RECURSIVE present (kind) AS (
        SELECT min(kind) FROM jobs_job WHERE state IN ('available', 'retryable')
        UNION ALL
        SELECT (SELECT min(job.kind) FROM jobs_job job WHERE job.state IN ('available', 'retryable') AND job.kind > present.kind)
        FROM present WHERE present.kind IS NOT NULL
    )
    SELECT unknown.id FROM present CROSS JOIN LATERAL (
        SELECT job.id FROM jobs_job job WHERE job.kind = present.kind AND job.state IN ('available', 'retryable')
        ORDER BY job.queue, job.next_run_at LIMIT {_LOOKED_AT}
    ) unknown
    WHERE present.kind <> ALL (%s::text[])
    UNION ALL
    SELECT head.id FROM unnest(%s::text[], %s::text[], %s::int[]) AS known (kind, queue, version) CROSS JOIN LATERAL (
        SELECT job.id, COALESCE(job.revised_version, job.payload_version) AS version FROM jobs_job job
        WHERE job.kind = known.kind AND job.queue = known.queue AND job.state IN ('available', 'retryable')
        ORDER BY job.next_run_at LIMIT {_LOOKED_AT}
    ) head
    WHERE head.version > known.version
"""  # noqa: S608 - a number of this module


class _AnyOf(Func):
    """Whether a value is among those of a query. As `IN` the query may be joined, and run anew for each row that is looked at."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY (ARRAY"
    output_field = BooleanField()


def waiting_for_release(rows: QuerySet[Job]) -> QuerySet[Job]:
    """Those of the jobs that wait for another release, as far as they are due before ten thousand others of their kind."""
    waiting = RawSQL(_WAITING, _parameters())  # noqa: S611 - a constant of this module
    return rows.filter(_AnyOf(F("pk"), waiting), state__in=CLAIMABLE)


def readable(rows: QuerySet[Job]) -> QuerySet[Job]:
    """Those of the jobs whose kind this release knows and whose format it reads."""
    formats = (Q(kind=kind.name, format__lte=kind.version) for kind in kinds())
    return rows.alias(format=Coalesce("revised_version", "payload_version")).filter(reduce(or_, formats))


def is_readable(job: Job) -> bool:
    """Whether this release knows the job's kind and reads its format."""
    newest = {kind.name: kind.version for kind in kinds()}.get(job.kind, 0)
    return (job.revised_version or job.payload_version) <= newest


def count_waiting_for_release(limit: int) -> int:
    """How many jobs wait for another release; it stops counting at `limit`."""
    sql = f"SELECT count(*) FROM (SELECT FROM ({_WAITING}) AS every LIMIT %s) AS counted"  # noqa: S608 - constants
    return int(fetch_all(sql, [*_parameters(), limit])[0][0])


def why_it_waits(job: Job) -> str:
    """What the waiting job lacks, in a sentence: a release that can do it, or something that its kind needs; '' when nothing."""
    if job.state not in CLAIMABLE:
        return ""
    known = {kind.name: kind.version for kind in kinds()}
    version = job.revised_version or job.payload_version
    if job.kind not in known:
        return f"This release does not know the kind {job.kind}: the job waits for one that does."
    if version > known[job.kind]:
        return f"Its format {version} is newer than this release reads ({known[job.kind]}): the job waits for one that does."
    if Circuit.objects.filter(kind=job.kind, open_until__gt=Now()).exists():
        return f"The circuit of {job.kind} is open: something that its work needs does not answer. See the repair desk."
    return ""


def _parameters() -> Sequence[str]:
    known = kinds()
    heads = list(product(known, settings.JOB_QUEUES))
    return [
        array_literal(kind.name for kind in known),
        array_literal(kind.name for kind, _ in heads),
        array_literal(queue for _, queue in heads),
        array_literal(kind.version for kind, _ in heads),
    ]
