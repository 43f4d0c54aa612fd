"""Which corrections of a request may be noted: each measurement is replaced once, and none, in the end, by what it replaces.

Two requests may each bring a part of such a circle at the same moment, and neither sees what the other has not committed. So each
locks the client ids that its corrections name: whoever comes second with one of them waits, and then sees it. Where a chain of
corrections goes on behind one, its other end may be a third request's: only then it waits for all chains of its organisation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.common.errors import Refusal
from observations.intake.rows import Row

# Any two numbers that no other advisory locks of this database use: for client ids, and for all chains of an organisation.
_IDS, _CHAINS = 7_305_041, 7_305_042
# So many locks, a power of two, the client ids of an organisation share: a request names two thousand, and the server has room for
# a few thousand locks in all.
_LOCKS = 256
# Nobody corrects a correction as often as that; whoever follows it all the same should come to an end.
MOST_FOLLOWED = 10_000

_REPLACED_ALREADY = Refusal(
    "replaces", "replaced_already", "Another measurement replaces that one: replace the other one instead."
)
_IN_A_CIRCLE = Refusal(
    "replaces",
    "replaces_in_a_circle",
    "What it replaces is a correction of it itself, directly or through others: none of them would count.",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows whose corrections are to be noted, and the refusals of others by their position; the rest notes nothing."""

    new: Sequence[Row]
    refused: Mapping[int, Refusal]


def judge(organisation_id: UUID, rows: Sequence[Row]) -> Judged:
    """Judge the corrections among the rows of a request, one after the other, as if each had been sent by itself.

    Until the caller's transaction ends no other notes anything that would change the judgement.
    """
    replacing = [row.reading for row in rows if row.reading.replaces is not None]
    client_ids = [reading.client_id for reading in replacing]
    named = {*client_ids, *(reading.replaces or "" for reading in replacing)}
    _lock_ids(organisation_id, named)
    stored = _stored(organisation_id, client_ids)
    chains = _chains(organisation_id, named)
    if any(client_id not in stored and client_id in chains.replaced_by for client_id in client_ids):
        execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_CHAINS, str(organisation_id)])
        chains = _chains(organisation_id, named)
    return _judged(rows, stored, chains)


def _judged(rows: Sequence[Row], stored: set[str], chains: "_Chains") -> Judged:
    new: list[Row] = []
    refused: dict[int, Refusal] = {}
    for row in rows:
        client_id, replaces = row.reading.client_id, row.reading.replaces
        # A duplicate or a conflict, and answered as such: it must not take anything back that it has not taken back before.
        if client_id in stored:
            continue
        if replaces is not None:
            if replaces in chains.replaced_by:
                refused[row.position] = _REPLACED_ALREADY
                continue
            if chains.may_end(client_id, replaces):
                refused[row.position] = _IN_A_CIRCLE
                continue
            chains.replaced_by[replaces] = client_id
            new.append(row)
        stored.add(client_id)
    return Judged(new, refused)


@dataclass(slots=True)
class _Chains:
    """By the client id of each measurement that is replaced, that of one after it in its chain."""

    replaced_by: dict[str, str]
    is_cut_short: bool
    """Whether there were more than are followed: then the end of any chain is in doubt."""

    def may_end(self, client_id: str, end: str) -> bool:
        """Whether the chain behind `client_id` ends with `end`, for all that is known."""
        if client_id not in self.replaced_by:
            return False
        return self.is_cut_short or self._end_of(client_id) == end

    def _end_of(self, client_id: str) -> str:
        passed: set[str] = set()
        # There may be circles from times when nobody looked.
        while client_id in self.replaced_by and client_id not in passed:
            passed.add(client_id)
            client_id = self.replaced_by[client_id]
        # Or a chain that is sent the last first would be walked again for each of its links.
        self.replaced_by.update(dict.fromkeys(passed - {client_id}, client_id))
        return client_id


def _lock_ids(organisation_id: UUID, client_ids: set[str]) -> None:
    execute(
        """
        -- In order: two requests with the same ones would deadlock.
        SELECT pg_advisory_xact_lock(%s, key)
        FROM (
            SELECT DISTINCT hashtext(%s || '/' || (hashtext(client_id) & %s)) AS key
            FROM unnest(%s::text[]) AS named (client_id) ORDER BY key
        ) AS ordered
        """,
        [_IDS, str(organisation_id), _LOCKS - 1, array_literal(client_ids)],
    )


def _stored(organisation_id: UUID, client_ids: Sequence[str]) -> set[str]:
    found = fetch_all(
        """
        SELECT client_id FROM observations_measurement
        WHERE organisation_id = %s AND client_id = ANY(%s::text[])
        """,
        [organisation_id, array_literal(client_ids)],
    )
    return {client_id for (client_id,) in found}


def _chains(organisation_id: UUID, client_ids: set[str]) -> _Chains:
    most = len(client_ids) + MOST_FOLLOWED
    found = fetch_all(
        _FOLLOWED,
        {"organisation": organisation_id, "client_ids": array_literal(client_ids), "most": most},
    )
    return _Chains(dict(found), is_cut_short=len(found) == most)


# UNION, not UNION ALL: a circle has no end. OFFSET 0 keeps each look-up one of its own, by index: joined as sets, all corrections
# there are would be read. The first that are found are those that the client ids themselves have, so none of these is missing.
_ONE = """
    SELECT replacement_client_id AS replacement FROM observations_correction
    WHERE organisation_id = %(organisation)s::uuid AND target_client_id = before.client_id AND kind = 'replaced' OFFSET 0
"""
_FOLLOWED = f"""
    WITH RECURSIVE followed (target, replacement) AS (
        SELECT before.client_id, after.replacement
        FROM unnest(%(client_ids)s::text[]) AS before (client_id) CROSS JOIN LATERAL ({_ONE}) AS after
        UNION
        SELECT before.client_id, after.replacement
        FROM (SELECT replacement AS client_id FROM followed) AS before CROSS JOIN LATERAL ({_ONE}) AS after
    )
    SELECT target, replacement FROM followed LIMIT %(most)s
"""  # noqa: S608 - constants of this module
