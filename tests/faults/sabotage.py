"""Damage done by hand to what the engine wrote, to see that the suite's own comparison finds it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Damage:
    """Statements for the database's owner, with the organisation as `mine`, and where the verdict must count it."""

    name: str
    part: str
    what: str
    statements: tuple[str, ...]


def _one(table: str, condition: str = "true") -> str:
    return f"(SELECT id FROM {table} WHERE organisation_id = %(mine)s AND {condition} ORDER BY id LIMIT 1)"


def _change(table: str, change: str, condition: str = "true") -> tuple[str, ...]:
    return (f"UPDATE {table} SET {change} WHERE id = {_one(table, condition)}",)


def _copy(table: str, changes: str, condition: str = "true") -> str:
    """A second row like one of the organisation's, but for what `changes`, a JSON object, says."""
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record({table}, {changes})).* FROM {table}"
        f" WHERE id = {_one(table, condition)}"
    )


_UNGUARDED = "ALTER TABLE patients_association DISABLE TRIGGER association_inserted"
_NEW_ID = "jsonb_build_object('id', gen_random_uuid())"

DAMAGES = (
    Damage(
        "a statement vanished",
        "lost",
        "statements not stored",
        (f"DELETE FROM patients_statement WHERE id = {_one('patients_statement')}",),
    ),
    Damage(
        "the job of a statement was dropped",
        "lost",
        "statements not fulfilled",
        _change("patients_statement", "fulfilled_at = NULL"),
    ),
    Damage(
        "a measurement vanished",
        "lost",
        "measurements not stored",
        (f"DELETE FROM observations_measurement WHERE id = {_one('observations_measurement')}",),
    ),
    Damage(
        "a covered measurement stayed held",
        "lost",
        "measurements that do not count",
        _change("observations_measurement", "association_id = NULL", "association_id IS NOT NULL"),
    ),
    Damage(
        "an observation was not computed",
        "lost",
        "observations missing",
        _change("observations_observation", "superseded_at = now()", "superseded_at IS NULL"),
    ),
    Damage(
        "a job died",
        "lost",
        "jobs without their success",
        _change("jobs_job", "state = 'dead'"),
    ),
    Damage(
        "a pair is linked twice from one time on",
        "doubled",
        "associations",
        (
            _UNGUARDED,
            "ALTER TABLE patients_association DROP CONSTRAINT association_begins_once",
            _copy("patients_association", """'{"id": -1}'""", "dissociated_at IS NOT NULL"),
        ),
    ),
    Damage(
        "a pair is linked twice over some time",
        "doubled",
        "overlapping associations",
        (
            _UNGUARDED,
            _copy(
                "patients_association",
                "jsonb_build_object('id', -1, 'associated_at', associated_at - interval '1 second')",
                "dissociated_at IS NOT NULL",
            ),
        ),
    ),
    Damage(
        "a result is there twice",
        "doubled",
        "current observations",
        (
            "DROP INDEX observation_current_once",
            _copy("observations_observation", _NEW_ID, "superseded_at IS NULL"),
        ),
    ),
    Damage(
        "a statement is there twice",
        "doubled",
        "statements",
        (
            "ALTER TABLE patients_statement DROP CONSTRAINT statement_client_id_once",
            _copy("patients_statement", _NEW_ID),
        ),
    ),
    Damage(
        "a measurement is there twice",
        "doubled",
        "measurements",
        (
            "ALTER TABLE observations_measurement DROP CONSTRAINT measurement_client_id_once",
            _copy("observations_measurement", _NEW_ID),
        ),
    ),
    Damage(
        "a job succeeded twice",
        "doubled",
        "successes of a job",
        (_copy("jobs_attempt", """'{"id": -1, "number": 99}'""", "outcome = 'succeeded'"),),
    ),
    Damage(
        "a job took effect twice",
        "doubled",
        "effects of a job",
        (
            f"INSERT INTO faults_effect SELECT id FROM jobs_job, generate_series(1, 2) WHERE id = {_one('jobs_job')}",
        ),
    ),
    Damage(
        "a patient was unlinked at another time",
        "differs",
        "associations",
        _change(
            "patients_association",
            "dissociated_at = dissociated_at + interval '1 second'",
            "dissociated_at IS NOT NULL",
        ),
    ),
    Damage(
        "a measurement counts though nothing covers it",
        "differs",
        "measurements",
        _change(
            "observations_measurement",
            f"association_id = {_one('patients_association')}",
            "association_id IS NULL",
        ),
    ),
    Damage(
        "a result has another value",
        "differs",
        "observations",
        _change(
            "observations_observation",
            """value = value || '{"mean": 1}'""",
            "superseded_at IS NULL",
        ),
    ),
)
