"""Reading captured statements: ranked, filtered, and one with all that is known of it."""

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Exists, F, OrderBy, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from clinical_engine.profiling.models import Caller, CapturedStatement, Finding, FindingKind, StatementDay
from clinical_engine.profiling.models.captured import Outlook

_SORTS: Mapping[str, OrderBy] = {
    "time": F("time_week_us").desc(),
    "p95": F("p95_now_us").desc(nulls_last=True),
    "exponent": F("exponent").desc(nulls_last=True),
    "headroom": F("limit_on").asc(nulls_last=True),
    "parameters": Greatest("parameters_most", "values_most").desc(),
    "repeated": F("repeated_most").desc(),
}
SORTS: Collection[str] = tuple(_SORTS)
"""Total time of 7 days; p95 now; growth; the day of the limit, the next first; the most of one execution; within one request."""


def open_findings() -> QuerySet[Finding]:
    """Whatever nobody has settled."""
    return Finding.objects.filter(closed_at=None)


def overdue_findings() -> QuerySet[Finding]:
    """Those of them whose due date is past."""
    return open_findings().filter(due_on__lt=timezone.now().date())


def _with(findings: QuerySet[Finding]) -> Q:
    return Q(Exists(findings.filter(statement=OuterRef("pk"))))


_ONLY = {
    "grows": lambda: Q(outlook=Outlook.GROWS),
    "slower": lambda: _with(open_findings().filter(kind=FindingKind.SLOWER)),
    "over_limit": lambda: _with(open_findings().filter(kind=FindingKind.OVER_LIMIT)),
    "too_many": lambda: _with(open_findings().filter(kind=FindingKind.TOO_MANY)),
    "repeated": lambda: _with(open_findings().filter(kind=FindingKind.REPEATED)),
    "owned": lambda: _with(open_findings().exclude(owner=None)),
    "overdue": lambda: _with(overdue_findings()),
}
ONLY: Collection[str] = tuple(_ONLY)
"""What grows; what has an open finding of that kind, one that somebody looks after, one past its due date."""


def ranked(sort: str = "time", only: str = "") -> QuerySet[CapturedStatement]:
    """Captured statements in one of the orders of `SORTS`, all or those of one word of `ONLY`."""
    rows = CapturedStatement.objects.select_related("first_release", "last_release")
    return rows.filter(_ONLY[only]() if only else Q()).order_by(_SORTS[sort], "fingerprint")


def by_fingerprint(fingerprint: str) -> CapturedStatement | None:
    """The captured statement of that name."""
    return ranked().filter(fingerprint=fingerprint).first()


def findings_of(statements: Sequence[CapturedStatement]) -> QuerySet[Finding]:
    """Everything that was found of them, open and settled, the one that is due next first."""
    found = Finding.objects.filter(statement__in=[statement.pk for statement in statements])
    return found.select_related("owner", "closed_by").order_by(
        F("closed_at").desc(nulls_first=True), "due_on", "pk"
    )


def callers_of(statement: CapturedStatement) -> QuerySet[Caller]:
    """Who sends it, whoever spends most time on it first."""
    return statement.callers.order_by("-time_us", "origin", "place")


def days_of(statement: CapturedStatement, number: int = 150) -> Sequence[StatementDay]:
    """Its last days, and the months before them, oldest first."""
    return list(statement.days.select_related("release").order_by("-day")[:number])[::-1]
