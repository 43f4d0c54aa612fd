"""Versions that fail: for whom, and when one is suspended so that it fails no more jobs."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.jobs import ledger
from observations.computing.evaluating import Outcome, Span
from observations.computing.times import moment

# The kind of job whose handler computes by this package.
_RECOMPUTE = "recompute"
SUSPENDED_AFTER = 20
"""Patients for whom a version fails in a row, with no result of it in between."""


def note(
    outcomes: Mapping[UUID, Outcome], organisation_ids: Mapping[UUID, UUID], spans: Mapping[UUID, Span]
) -> None:
    """Keep, in the caller's transaction, which versions failed for whom, and suspend one that does nothing else."""
    _forget_mended(outcomes, spans)
    _keep_waiting(outcomes, organisation_ids)
    failed = [
        (version, str(patient)) for patient, outcome in outcomes.items() for version in _failed(outcome)
    ]
    computed = {result.version.id for outcome in outcomes.values() for result in outcome.results}
    if computed:
        execute(
            "UPDATE observations_scriptversion SET failures_in_a_row = 0 WHERE id = ANY(%s::uuid[]) AND failures_in_a_row > 0",
            [array_literal(sorted(computed))],
        )
    if failed:
        # Before the failures are kept: who has failed before is not counted again.
        _suspend([(version, patient) for version, patient in failed if version not in computed])
        _keep(outcomes, organisation_ids)


def _failed(outcome: Outcome) -> Collection[str]:
    return {failure.version.id for failure in outcome.failures}


def _forget_mended(outcomes: Mapping[UUID, Outcome], spans: Mapping[UUID, Span]) -> None:
    still = [(patient, version) for patient, outcome in outcomes.items() for version in _failed(outcome)]
    # A version may still fail as of times that were not looked at, and so may those of other scripts.
    whole: dict[UUID, Collection[str | None]] = {
        patient: [None] if span.to_the_end is None else span.to_the_end for patient, span in spans.items()
    }
    computed = [(patient, script) for patient, scripts in whole.items() for script in scripts]
    execute(
        """
        DELETE FROM observations_scriptfailure failure
        USING unnest(%s::uuid[], %s::timestamptz[], %s::uuid[]) AS computed (patient_id, since, script_id)
        WHERE failure.patient_id = computed.patient_id AND failure.as_of >= computed.since
          AND (computed.script_id IS NULL OR computed.script_id = (
              SELECT script_id FROM observations_scriptversion version WHERE version.id = failure.version_id
          ))
          AND (failure.patient_id, failure.version_id) NOT IN (SELECT * FROM unnest(%s::uuid[], %s::uuid[]))
        """,
        [
            array_literal(patient for patient, _ in computed),
            array_literal(moment(spans[patient].since) for patient, _ in computed),
            array_literal(script for _, script in computed),
            array_literal(patient for patient, _ in still),
            array_literal(version for _, version in still),
        ],
    )


def _keep(outcomes: Mapping[UUID, Outcome], organisation_ids: Mapping[UUID, UUID]) -> None:
    first = {
        (str(patient), failure.version.id): failure
        for patient, outcome in outcomes.items()
        for failure in sorted(outcome.failures, key=lambda failure: -failure.at)
    }
    execute(
        """
        INSERT INTO observations_scriptfailure (patient_id, version_id, organisation_id, message, as_of)
        SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[])
        ON CONFLICT (patient_id, version_id) DO UPDATE
        SET message = excluded.message, as_of = LEAST(observations_scriptfailure.as_of, excluded.as_of),
            failed_at = excluded.failed_at
        """,
        [
            array_literal(patient for patient, _ in first),
            array_literal(version for _, version in first),
            array_literal(organisation_ids[UUID(patient)] for patient, _ in first),
            array_literal(failure.reason[:300] for failure in first.values()),
            array_literal(moment(failure.at) for failure in first.values()),
        ],
    )


def _suspend(failed: Sequence[tuple[str, str]]) -> None:
    """Count, of these versions and patients, who is not counted yet. One patient may send a hundred readings."""
    execute(
        """
        WITH counted AS MATERIALIZED (
            SELECT id, failures_in_a_row AS number, CASE WHEN failures_in_a_row > 0 THEN failing_since END AS since
            FROM observations_scriptversion WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE
        ), failed AS (
            SELECT counted.id, counted.number + count(*) AS number, COALESCE(counted.since, now()) AS since
            FROM unnest(%s::uuid[], %s::uuid[]) AS new (version_id, patient_id)
            JOIN counted ON counted.id = new.version_id
            WHERE NOT EXISTS (
                SELECT FROM observations_scriptfailure before
                WHERE before.patient_id = new.patient_id AND before.version_id = new.version_id
                  AND before.failed_at >= counted.since
            )
            GROUP BY counted.id, counted.number, counted.since
        )
        UPDATE observations_scriptversion version
        SET failures_in_a_row = failed.number, failing_since = failed.since,
            suspended_at = CASE WHEN failed.number >= %s THEN COALESCE(suspended_at, now()) ELSE suspended_at END,
            suspended_because = CASE WHEN failed.number >= %s AND suspended_at IS NULL
                THEN 'It failed for ' || failed.number || ' patients in a row.' ELSE suspended_because END
        FROM failed WHERE version.id = failed.id
        """,
        [
            array_literal({version for version, _ in failed}),
            array_literal(version for version, _ in failed),
            array_literal(patient for _, patient in failed),
            SUSPENDED_AFTER,
            SUSPENDED_AFTER,
        ],
    )


def _keep_waiting(outcomes: Mapping[UUID, Outcome], organisation_ids: Mapping[UUID, UUID]) -> None:
    earliest: dict[str, int] = {}
    for outcome in outcomes.values():
        for version, at in outcome.waiting.items():
            earliest[version] = min(at, earliest.get(version, at))
    if earliest:
        execute(
            """
            UPDATE observations_scriptversion version SET suspended_as_of = LEAST(suspended_as_of, waiting.as_of)
            FROM unnest(%s::uuid[], %s::timestamptz[]) AS waiting (id, as_of)
            WHERE version.id = waiting.id AND suspended_at IS NOT NULL
              AND (suspended_as_of IS NULL OR suspended_as_of > waiting.as_of)
            """,
            [array_literal(earliest), array_literal(moment(at) for at in earliest.values())],
        )
        _compute_resumed(outcomes, organisation_ids, earliest)


def _compute_resumed(
    outcomes: Mapping[UUID, Outcome], organisation_ids: Mapping[UUID, UUID], waited_for: Collection[str]
) -> None:
    """Have computed what waited for versions that were resumed meanwhile: who resumed them could not see that it did."""
    rows = fetch_all(
        "SELECT id::text FROM observations_scriptversion WHERE id = ANY(%s::uuid[]) AND suspended_at IS NULL",
        [array_literal(waited_for)],
    )
    resumed = {version for (version,) in rows}
    dirty_from = {
        patient: moment(min(outcome.waiting[version] for version in found))
        for patient, outcome in outcomes.items()
        if (found := resumed & outcome.waiting.keys())
    }
    if dirty_from:
        ledger.enqueue_recompute(
            _RECOMPUTE, dirty_from, {patient: organisation_ids[patient] for patient in dirty_from}
        )
