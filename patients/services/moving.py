"""Moving a patient from one submitter to another: inactive with the one and active with the other, or neither."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from msgspec.structs import replace

from clinical_engine.common.errors import Refusal, RefusedError
from patients.models import StatementKind
from patients.services.known import keep_conflicts
from patients.services.statements import Acceptance, Accepted, NewStatement, Origin
from patients.services.storing import store
from patients.validation import MAX_TEXT_LENGTH, refusals_of_text, refusals_of_time
from submitters.models import Submitter

LEFT, JOINED = ":left", ":joined"
# The longest that leaves room for what the statements' own client ids end with.
MAX_CLIENT_ID_LENGTH = MAX_TEXT_LENGTH - 8


@dataclass(frozen=True, slots=True)
class Moved:
    """The answers to both statements of a move. When either is in conflict neither was stored."""

    left: Accepted
    joined: Accepted

    @property
    def outcome(self) -> Acceptance:
        """`conflict` when either is one, `duplicate` when both are, `accepted` otherwise."""
        outcomes = {self.left.outcome, self.joined.outcome}
        if Acceptance.CONFLICT in outcomes:
            return Acceptance.CONFLICT
        return Acceptance.ACCEPTED if Acceptance.ACCEPTED in outcomes else Acceptance.DUPLICATE


def move(
    *, from_submitter: Submitter, to_submitter: Submitter, statement: NewStatement, origin: Origin
) -> Moved:
    """Accept that a patient is inactive with the one submitter and active with the other since `statement.effective_at`.

    Writes both statements, under the client ids `<client_id>:left` and `<client_id>:joined`, and their jobs in one transaction;
    a patient who was not active with the first is active with the second all the same. Duplicates and conflicts are as those of
    statements; a conflict is kept for staff to see, and nothing else is stored. Raises RefusedError for a text or time that
    cannot be accepted, the same submitter twice, or submitters of different organisations.
    """
    _refuse_what_cannot_be(from_submitter, to_submitter, statement)
    return _move(from_submitter, to_submitter, statement, origin)


def _refuse_what_cannot_be(
    from_submitter: Submitter, to_submitter: Submitter, statement: NewStatement
) -> None:
    refusals = [
        *refusals_of_text("client_id", statement.client_id, MAX_CLIENT_ID_LENGTH),
        *refusals_of_text("external_id", statement.external_id),
        *refusals_of_time("effective_at", statement.effective_at, timezone.now()),
    ]
    if from_submitter.id == to_submitter.id:
        refusals.append(
            Refusal("to_submitter", "same_submitter", "Must be another than the one that is left.")
        )
    elif from_submitter.organisation_id != to_submitter.organisation_id:
        refusals.append(
            Refusal("to_submitter", "another_organisation", "Must be one of the same organisation.")
        )
    if refusals:
        raise RefusedError(*refusals)


@transaction.atomic
def _move(
    from_submitter: Submitter, to_submitter: Submitter, statement: NewStatement, origin: Origin
) -> Moved:
    left, joined = (
        replace(statement, client_id=f"{statement.client_id}{ending}") for ending in (LEFT, JOINED)
    )
    before = transaction.savepoint()
    # In the order of the client ids, as batches take them: otherwise a move and a batch that hold the same ids could deadlock.
    [has_joined] = store(StatementKind.ACTIVATION, to_submitter, [joined], origin)
    [has_left] = store(StatementKind.DEACTIVATION, from_submitter, [left], origin)
    moved = Moved(has_left, has_joined)
    if moved.outcome is Acceptance.CONFLICT:
        # One half may be new, and a patient who joins without leaving is not what was asked for.
        transaction.savepoint_rollback(before)
        keep_conflicts(StatementKind.ACTIVATION, to_submitter, [(joined, has_joined)])
        keep_conflicts(StatementKind.DEACTIVATION, from_submitter, [(left, has_left)])
    else:
        transaction.savepoint_commit(before)
    return moved
