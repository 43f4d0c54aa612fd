"""Results in the order in which they changed, such that nothing comes before what has been read already.

A transaction takes its number when it first writes, and shows what it wrote when it commits: a smaller number may show up later
than a larger one. So only what has a smaller number than every transaction that still runs is given out; see
docs/decisions/change-feed.md.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from clinical_engine.common.database import array_literal, fetch_all


class Place(NamedTuple):
    """Where a change stands in the feed."""

    changed_in: int
    row_id: UUID


BEGINNING = Place(0, UUID(int=0))


class Horizon(NamedTuple):
    """How far the feed of some organisations reaches now."""

    system: int
    """Which database it is: another one after a restore from a dump."""
    timeline: int
    """Which line of its history: another one after a recovery or a failover."""
    before: int
    """Every transaction with a smaller number has ended; of the others some may run."""
    after: int
    """No transaction has this number or a larger one yet."""
    lag_seconds: int
    """For how long the oldest change that has been committed waits for transactions that began before it; 0 where none does."""
    is_of_another_life: bool
    """Whether there are results with the numbers of transactions that this database has not had: restored, and not renumbered."""

    @property
    def end(self) -> Place:
        """Behind everything that is given out by now."""
        return Place(self.before - 1, UUID(int=2**128 - 1))


def horizon_of(organisation_ids: Collection[UUID]) -> Horizon:
    """How far the feed reaches. One statement; the index finds two rows an organisation."""
    [(system, timeline, before, after, lag, is_of_another_life)] = fetch_all(
        """
        WITH reached AS MATERIALIZED (
            SELECT pg_snapshot_xmin(snapshot) AS before, pg_snapshot_xmax(snapshot) AS after FROM pg_current_snapshot() AS snapshot
        ), waiting AS (
            SELECT first.changed_in, COALESCE(first.superseded_at, first.computed_at) AS since
            FROM unnest(%s::uuid[]) AS asked (organisation_id)
            CROSS JOIN LATERAL (
                SELECT changed_in, superseded_at, computed_at FROM observations_observation
                WHERE organisation_id = asked.organisation_id AND changed_in >= (SELECT before FROM reached)
                ORDER BY changed_in, id LIMIT 1
            ) AS first
        ), newest AS (
            SELECT last.changed_in FROM unnest(%s::uuid[]) AS asked (organisation_id)
            CROSS JOIN LATERAL (
                SELECT changed_in FROM observations_observation
                WHERE organisation_id = asked.organisation_id ORDER BY changed_in DESC, id DESC LIMIT 1
            ) AS last
        )
        SELECT (SELECT system_identifier FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_lsn()), 8),
            before::text, after::text,
            (SELECT GREATEST(0, extract(epoch FROM clock_timestamp() - min(since)))::int FROM waiting),
            EXISTS (SELECT FROM newest WHERE changed_in >= after)
        FROM reached
        """,
        [array_literal(organisation_ids)] * 2,
    )
    return Horizon(system, int(timeline, 16), int(before), int(after), lag or 0, is_of_another_life)


def changes_after(
    place: Place, horizon: Horizon, organisation_ids: Collection[UUID], limit: int
) -> Sequence[Place]:
    """The first `limit` changes behind a place that the horizon gives out. One statement, `limit` index entries an organisation."""
    rows = fetch_all(
        """
        SELECT change.changed_in::text, change.id
        FROM unnest(%(organisations)s::uuid[]) AS asked (organisation_id)
        CROSS JOIN LATERAL (
            SELECT changed_in, id FROM observations_observation
            WHERE organisation_id = asked.organisation_id
                AND (changed_in, id) > (%(changed_in)s::xid8, %(row_id)s) AND changed_in < %(before)s::xid8
            ORDER BY changed_in, id LIMIT %(limit)s
        ) AS change
        ORDER BY change.changed_in, change.id LIMIT %(limit)s
        """,
        {
            "organisations": array_literal(organisation_ids),
            "changed_in": str(place.changed_in),
            "row_id": place.row_id,
            "before": str(horizon.before),
            "limit": limit,
        },
    )
    return [Place(int(changed_in), row_id) for changed_in, row_id in rows]
