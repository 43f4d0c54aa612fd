"""Accepting what a sender says of many patients."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from clinical_engine.common.errors import Refusal, RefusedError
from patients.models import StatementKind
from patients.services.known import keep_conflicts
from patients.services.statements import Accepted, Answer, NewStatement, Origin, Refused
from patients.services.storing import store
from patients.validation import refusals_of_text, refusals_of_time
from submitters.models import Submitter

_CONTRADICTS = Refusal(
    "effective_at", "contradicts_another_item", "Another item of the request gives this patient another time."
)


def activate(*, submitter: Submitter, statements: Sequence[NewStatement], origin: Origin) -> list[Accepted]:
    """Accept that patients are active with `submitter`; one answer per item, in order.

    Writes patients that are new, statements and one `associate` job each, in one transaction. The same client id with the same
    content is a duplicate; with other content a conflict, kept for staff to see. Raises RefusedError, and stores nothing, for a
    text or time that cannot be accepted.
    """
    return _accept_all(StatementKind.ACTIVATION, submitter, statements, origin)


def deactivate(*, submitter: Submitter, statements: Sequence[NewStatement], origin: Origin) -> list[Accepted]:
    """Accept that patients are inactive with `submitter`; as `activate`."""
    return _accept_all(StatementKind.DEACTIVATION, submitter, statements, origin)


def accept_statements(
    *, kind: StatementKind, submitter: Submitter, statements: Sequence[NewStatement], origin: Origin
) -> list[Answer]:
    """Accept a batch of statements of one kind; one answer per item, in order. A refused one does not touch the others.

    As `activate` otherwise. Of a patient that the batch gives different times every item is refused: which one is meant only the
    sender knows. The number of queries does not depend on the number of statements.
    """
    refused = _refused(statements)
    refused |= _contradictions(statements, refused)
    good = [item for position, item in enumerate(statements) if position not in refused]
    stored = iter(_accept(kind, submitter, good, origin) if good else ())
    return [refused[n] if n in refused else next(stored) for n in range(len(statements))]


def _accept_all(
    kind: StatementKind, submitter: Submitter, statements: Sequence[NewStatement], origin: Origin
) -> list[Accepted]:
    if refused := _refused(statements):
        raise RefusedError(*(refusal for answer in refused.values() for refusal in answer.refusals))
    return _accept(kind, submitter, statements, origin)


@transaction.atomic
def _accept(
    kind: StatementKind, submitter: Submitter, statements: Sequence[NewStatement], origin: Origin
) -> list[Accepted]:
    answers = store(kind, submitter, statements, origin)
    keep_conflicts(kind, submitter, zip(statements, answers, strict=True))
    return answers


def _refused(statements: Sequence[NewStatement]) -> dict[int, Refused]:
    now = timezone.now()
    return {
        position: Refused(tuple(refusals))
        for position, item in enumerate(statements)
        if (refusals := _refusals_of(item, now))
    }


def _refusals_of(item: NewStatement, now: datetime) -> list[Refusal]:
    return [
        *refusals_of_text("client_id", item.client_id),
        *refusals_of_text("external_id", item.external_id),
        *refusals_of_time("effective_at", item.effective_at, now),
    ]


def _contradictions(statements: Sequence[NewStatement], refused: Mapping[int, Refused]) -> dict[int, Refused]:
    times: dict[str, set[datetime]] = defaultdict(set)
    for position, item in enumerate(statements):
        if position not in refused:
            times[item.external_id].add(item.effective_at)
    return {
        position: Refused((_CONTRADICTS,))
        for position, item in enumerate(statements)
        if position not in refused and len(times[item.external_id]) > 1
    }
