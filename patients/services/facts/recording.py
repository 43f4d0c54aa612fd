"""Storing facts: set-based, one transaction, an answer for every one."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from patients.services.facts.checking import check
from patients.services.facts.said import FactAnswer, FactOrigin, NewFact
from patients.services.facts.storing import Row, store
from patients.services.statements import Refused


def record_facts(*, organisation_id: UUID, facts: Sequence[NewFact], origin: FactOrigin) -> list[FactAnswer]:
    """Store facts about patients of one organisation; one answer per fact, in order. A refused one does not touch the others.

    In one transaction: patients that are new (unlinked), facts, and what those hear of who registered for changed facts. The same
    client id with the same content is a duplicate; with other content a conflict, kept for staff to see. The number of statements
    does not depend on the number of facts.
    """
    now = timezone.now()
    answers: dict[int, FactAnswer] = {}
    rows: list[Row] = []
    for position, fact in enumerate(facts):
        value = check(fact, now)
        if isinstance(value, str):
            rows.append(Row(position, fact, value))
        else:
            answers[position] = Refused(tuple(value))
    if rows:
        answers |= store(organisation_id, rows, origin)
    return [answers[position] for position in range(len(facts))]
