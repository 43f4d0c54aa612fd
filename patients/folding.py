"""Bringing the associations in line with the statements, for any number of pairs in a constant number of statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from patients.locks import lock_patients
from patients.periods import Period, Said, fold
from patients.registry import ChangedPeriods, tell_changed_periods

Pair = tuple[UUID, UUID]
"""(patient, submitter)"""


@dataclass(slots=True)
class _Changes:
    """What must be written so that the table shows the fold."""

    begun: list[tuple[Pair, Period]] = field(default_factory=list)
    changed: list[tuple[int, Period]] = field(default_factory=list)
    vanishing: list[int] = field(default_factory=list)
    dirty_from: dict[UUID, datetime] = field(default_factory=dict)

    def touch(self, pair: Pair, time: datetime) -> None:
        patient = pair[0]
        self.dirty_from[patient] = min(time, self.dirty_from.get(patient, time))


def fold_periods(*, statement_ids: Sequence[UUID]) -> Mapping[UUID, Pair]:
    """Make the associations of every pair that the statements speak of equal to the fold of all its statements.

    Gives the pair of each of the statements that there are. Within the caller's transaction and under the patients' locks:
    associations, the statements' fulfilment, and what listeners write. Repeating it changes nothing. Raises OperationalError
    when a patient is locked for too long.
    """
    pair_of = _pairs_of(statement_ids)
    pairs = sorted(set(pair_of.values()))
    organisation_ids = lock_patients({patient for patient, _ in pairs})
    statements, unfulfilled = _statements_of(pairs)
    changes = _compare(statements, _associations_of(pairs))
    if changes.dirty_from:
        affected = {patient: organisation_ids[patient] for patient in changes.dirty_from}
        tell_changed_periods(ChangedPeriods(changes.dirty_from, affected, changes.vanishing))
        _write(changes, organisation_ids)
    if unfulfilled:
        execute(
            "UPDATE patients_statement SET fulfilled_at = clock_timestamp() WHERE id = ANY(%s::uuid[])",
            [array_literal(unfulfilled)],
        )
    return pair_of


def _pairs_of(statement_ids: Iterable[UUID]) -> dict[UUID, Pair]:
    rows = fetch_all(
        "SELECT id, patient_id, submitter_id FROM patients_statement WHERE id = ANY(%s::uuid[])",
        [array_literal(statement_ids)],
    )
    return {row[0]: (row[1], row[2]) for row in rows}


_OF_PAIRS = (
    "JOIN unnest(%s::uuid[], %s::uuid[]) AS pair (patient_id, submitter_id) USING (patient_id, submitter_id)"
)


def _pair_arrays(pairs: Sequence[Pair]) -> list[str]:
    return [array_literal(pair[0] for pair in pairs), array_literal(pair[1] for pair in pairs)]


def _statements_of(pairs: Sequence[Pair]) -> tuple[dict[Pair, list[Said]], list[UUID]]:
    by_pair: dict[Pair, list[Said]] = defaultdict(list)
    unfulfilled: list[UUID] = []
    for identifier, patient, submitter, effective_at, client_id, active, is_fulfilled in fetch_all(
        f"""
        SELECT id, patient_id, submitter_id, effective_at, client_id, kind = 'activation', fulfilled_at IS NOT NULL
        FROM patients_statement {_OF_PAIRS} ORDER BY id
        """,  # noqa: S608 - a constant of this module
        _pair_arrays(pairs),
    ):
        by_pair[patient, submitter].append(Said(effective_at, client_id, active))
        if not is_fulfilled:
            unfulfilled.append(identifier)
    return by_pair, unfulfilled


def _associations_of(pairs: Sequence[Pair]) -> dict[Pair, dict[datetime, tuple[int, Period]]]:
    by_pair: dict[Pair, dict[datetime, tuple[int, Period]]] = defaultdict(dict)
    for identifier, patient, submitter, begins, ends in fetch_all(
        f"SELECT id, patient_id, submitter_id, associated_at, dissociated_at FROM patients_association {_OF_PAIRS}",  # noqa: S608 - a constant of this module
        _pair_arrays(pairs),
    ):
        by_pair[patient, submitter][begins] = (identifier, Period(begins, ends))
    return by_pair


def _compare(
    statements: Mapping[Pair, Sequence[Said]], present: Mapping[Pair, Mapping[datetime, tuple[int, Period]]]
) -> _Changes:
    """Match periods by the time they begin, so that a row keeps standing for the same stretch of the patient's life."""
    changes = _Changes()
    for pair, said in statements.items():
        wanted = {period.begins: period for period in fold(said)}
        rows = present.get(pair, {})
        for begins, (identifier, period) in rows.items():
            if begins not in wanted:
                changes.vanishing.append(identifier)
                changes.touch(pair, begins)
            elif wanted[begins].ends != period.ends:
                changes.changed.append((identifier, wanted[begins]))
                changes.touch(pair, _earlier_end(wanted[begins], period))
        for begins, period in wanted.items():
            if begins not in rows:
                changes.begun.append((pair, period))
                changes.touch(pair, begins)
    return changes


def _earlier_end(one: Period, other: Period) -> datetime:
    return min(ends for ends in (one.ends, other.ends) if ends is not None)


def _write(changes: _Changes, organisation_ids: Mapping[UUID, UUID]) -> None:
    """Delete, then shorten, then insert: in this order no two open or overlapping periods of a pair ever stand side by side."""
    if changes.vanishing:
        execute(
            "DELETE FROM patients_association WHERE id = ANY(%s::bigint[])",
            [array_literal(changes.vanishing)],
        )
    if changes.changed:
        execute(
            """
            UPDATE patients_association SET dissociated_at = new.dissociated_at
            FROM unnest(%s::bigint[], %s::timestamptz[]) AS new (id, dissociated_at)
            WHERE patients_association.id = new.id
            """,
            [
                array_literal(identifier for identifier, _ in changes.changed),
                array_literal(period.ends for _, period in changes.changed),
            ],
        )
    if changes.begun:
        execute(
            """
            INSERT INTO patients_association (organisation_id, patient_id, submitter_id, associated_at, dissociated_at)
            SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[])
            """,
            [
                array_literal(organisation_ids[pair[0]] for pair, _ in changes.begun),
                array_literal(pair[0] for pair, _ in changes.begun),
                array_literal(pair[1] for pair, _ in changes.begun),
                array_literal(period.begins for _, period in changes.begun),
                array_literal(period.ends for _, period in changes.begun),
            ],
        )
