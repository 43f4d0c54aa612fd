"""SQL that makes the rows about a range of patients, one statement for each table, whatever the range.

Everything about a patient is there in the same number for each, so the world grows evenly; what a list is filtered by is spread
so that each choice has enough rows to fill a page in the smallest world.
"""

# Keys of one table are told apart by the number behind the version of a UUIDv7, keys of one patient by the last digit.
_KEY = "(%(prefix)s || '-7{table:03x}-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def key(table: int, number: str = "n") -> str:
    """SQL of the key of a row."""
    return _KEY.format(table=table, number=number)


PATIENT, STATEMENT, JOB, MEASUREMENT, OBSERVATION, FACT = range(1, 7)

# Every fifth patient belongs to one of the other organisations; the submitter is the organisation's own.
_PEOPLE = f"""(
    SELECT n, {key(PATIENT)} AS patient, (%(organisations)s::uuid[])[place] AS organisation,
           (%(submitters)s::uuid[])[place] AS submitter, timestamptz '2026-03-10 12:00:00+00' AS noon
    FROM (SELECT n, 1 + CASE WHEN mod(n, 5) = 0 THEN 1 + mod(n / 5, 3) ELSE 0 END AS place
          FROM generate_series(%(first)s::int, %(last)s::int) AS n) AS placed
) AS person"""
_EACH = _PEOPLE + " CROSS JOIN generate_series(1, {number}) AS k"

_PATIENTS = f"""
    INSERT INTO patients_patient (id, organisation_id, external_id)
    SELECT patient, organisation, 'p-' || lpad(n::text, 6, '0') FROM {_PEOPLE}
"""
# Active, inactive, active again; the fourth waits, and should not any more. Every fourth patient was never active again.
_STATEMENTS = f"""
    INSERT INTO patients_statement (id, organisation_id, patient_id, submitter_id, kind, effective_at, client_id, source, job_id,
                                    received_at, due_at, fulfilled_at)
    SELECT {key(STATEMENT, "n * 10 + k")}, organisation, patient, submitter,
           CASE WHEN mod(k, 2) = 1 THEN 'activation' ELSE 'deactivation' END,
           noon - (400 - 100 * k) * interval '1 day', 's-' || n || '-' || k,
           (ARRAY['api', 'roster', 'staff', 'import'])[1 + mod(n, 4)], {key(JOB, "n * 10 + k")},
           now() - interval '1 hour', now() - interval '50 minutes', CASE WHEN k < 4 THEN now() END
    FROM {_EACH.format(number=4)}
    WHERE k < 3 OR mod(n, 4) > 0
"""
_STATEMENT_CONFLICTS = f"""
    INSERT INTO patients_statementconflict (organisation_id, statement_id, kind, submitter_id, external_id, effective_at)
    SELECT organisation, {key(STATEMENT, "n * 10 + 1")}, 'activation', submitter, 'p-' || lpad(n::text, 6, '0'), noon
    FROM {_PEOPLE}
"""
# Sex, birth year, SpO2 scale, and another scale that was entered in error.
_FACTS = f"""
    INSERT INTO patients_patientfact (id, organisation_id, patient_id, name, value, effective_from, client_id, source)
    SELECT {key(FACT, "n * 10 + k")}, organisation, patient, (ARRAY['sex', 'birth_year', 'spo2_scale', 'spo2_scale'])[k],
           (ARRAY['female', '1950', '1', '2'])[k], noon - (400 - 10 * k) * interval '1 day', 'f-' || n || '-' || k,
           CASE WHEN mod(n, 2) = 0 THEN 'api' ELSE 'staff' END
    FROM {_EACH.format(number=4)}
"""
_FACT_RETRACTIONS = f"""
    INSERT INTO patients_factretraction (organisation_id, client_id, reason, source)
    SELECT organisation, 'f-' || n || '-4', 'Another patient', 'api' FROM {_PEOPLE}
"""
_FACT_CONFLICTS = f"""
    INSERT INTO patients_factconflict (organisation_id, fact_id, external_id, name, value, effective_from)
    SELECT organisation, {key(FACT, "n * 10 + 1")}, 'p-' || lpad(n::text, 6, '0'), 'sex', 'male', noon FROM {_PEOPLE}
"""
_ASSOCIATIONS = f"""
    INSERT INTO patients_association (organisation_id, patient_id, submitter_id, associated_at, dissociated_at)
    SELECT organisation, patient, submitter, noon - (500 - 200 * k) * interval '1 day',
           CASE WHEN k = 1 THEN noon - interval '200 days' END
    FROM {_EACH.format(number=2)}
    WHERE k = 1 OR mod(n, 4) > 0
"""
# Three that the open association covers, two of long before it, which are held.
_MEASUREMENTS = f"""
    INSERT INTO observations_measurement (id, organisation_id, patient_id, code_id, client_id, value_quantity, unit, measured_at,
                                          utc_offset_minutes, source, received_at, due_at, association_id)
    SELECT {key(MEASUREMENT, "n * 10 + k")}, organisation, patient, %(code)s, 'm-' || n || '-' || k, 100 + k, 'mg/dL',
           CASE WHEN k <= 3 THEN now() - k * interval '3 hours' ELSE noon - interval '900 days' END, 60,
           CASE WHEN mod(n, 2) = 0 THEN 'api' ELSE 'import' END, now() - interval '1 hour', now() - interval '50 minutes',
           CASE WHEN k <= 3 THEN (SELECT id FROM patients_association a WHERE a.patient_id = patient AND a.dissociated_at IS NULL)
           END
    FROM {_EACH.format(number=5)}
"""
_MEASUREMENT_CONFLICTS = f"""
    INSERT INTO observations_measurementconflict (organisation_id, measurement_id, external_id, code_id, value_quantity, unit,
                                                  measured_at)
    SELECT organisation, {key(MEASUREMENT, "n * 10 + 1")}, 'p-' || lpad(n::text, 6, '0'), %(code)s, 999, 'mg/dL', now()
    FROM {_PEOPLE}
"""
# Of each patient one that has taken effect long ago, and one whose measurement never came in.
_CORRECTIONS = f"""
    INSERT INTO observations_correction (organisation_id, target_client_id, kind, reason, job_id, received_at, applied_at)
    SELECT organisation, 'gone-' || n || '-' || k, 'entered-in-error', 'Another patient', {key(JOB, "n * 10 + k")}, noon,
           CASE WHEN k = 1 THEN noon END
    FROM {_EACH.format(number=2)}
"""
_OBSERVATIONS = f"""
    INSERT INTO observations_observation (id, organisation_id, patient_id, script_id, script_version_id, code_id, as_of, value,
                                          derived_from, superseded_at, superseded_because)
    SELECT {key(OBSERVATION, "n * 10 + k")}, organisation, patient, %(script)s, %(version)s, %(result_code)s,
           now() - interval '3 hours', '{{"mean": 101, "in_range": 100}}',
           ARRAY[{key(MEASUREMENT, "n * 10 + 1")}, {key(MEASUREMENT, "n * 10 + 2")}],
           CASE WHEN k = 2 THEN now() END, CASE WHEN k = 2 THEN 'a measurement came in later' ELSE '' END
    FROM {_EACH.format(number=2)}
"""
_FAILURES = f"""
    INSERT INTO observations_scriptfailure (version_id, organisation_id, patient_id, message, as_of)
    SELECT %(version)s, organisation, patient, 'line 1, column 1: division by zero', noon FROM {_PEOPLE} WHERE mod(n, 4) = 0
"""
# Of each patient: one that succeeded, one that is dead (of one of three causes), one with a payload that nobody can read, one that
# waits to be tried again, one cancelled, one running, a recompute that waits, and one that waits for a release. None is due that
# this release can do: what an action works off is its own.
_JOBS = f"""
    INSERT INTO jobs_job (id, kind, queue, state, payload, payload_version, revised_payload, revised_version, organisation_id,
                          submitter_id, patient_id, dirty_from, next_run_at, attempts_made, lease_token, lease_expires_at,
                          claimed_at, claimed_by, claimed_release, error, fingerprint, last_actor_id, finished_at)
    SELECT {key(JOB, "n * 10 + k")}, CASE WHEN k = 7 THEN 'recompute' ELSE 'associate' END,
           CASE WHEN k IN (2, 4) THEN 'reruns' ELSE 'default' END,
           (ARRAY['succeeded', 'dead', 'invalid_payload', 'retryable', 'cancelled', 'running', 'available', 'available'])[k],
           CASE WHEN k = 3 THEN '{{"statement_id": "none"}}'::jsonb WHEN k = 7 THEN '{{}}'
                ELSE jsonb_build_object('statement_id', {key(STATEMENT, "n * 10 + 1")}) END,
           CASE WHEN k = 8 THEN 2 ELSE 1 END, CASE WHEN k = 3 THEN '{{"statement_id": "still none"}}'::jsonb END,
           CASE WHEN k = 3 THEN 1 END, organisation, submitter, patient, CASE WHEN k = 7 THEN noon END,
           now() + CASE WHEN k IN (4, 7) THEN interval '1 day' ELSE interval '-1 hour' END, 2,
           CASE WHEN k = 6 THEN {key(JOB, "n")} END, CASE WHEN k = 6 THEN now() + interval '1 hour' END, now(), 'w1',
           CASE WHEN mod(n, 2) = 0 THEN 'r1' ELSE 'r2' END, CASE WHEN k IN (2, 3, 4) THEN 'IntegrityError 23505' ELSE '' END,
           CASE WHEN k IN (2, 3, 4) THEN left(md5((k * 10 + mod(n, 3))::text), 16) ELSE '' END,
           CASE WHEN k IN (2, 5) AND mod(n, 2) = 0 THEN %(actor)s::int END,
           CASE WHEN k IN (1, 2, 3, 5) THEN now() - interval '1 minute' END
    FROM {_EACH.format(number=8)}
"""
_ATTEMPTS = f"""
    INSERT INTO jobs_attempt (job_id, organisation_id, number, release, worker, started_at, outcome, trigger, error_class,
                              error_kind, sqlstate, constraint_name, message, frames, fingerprint)
    SELECT {key(JOB, "n * 10 + k")}, organisation, number, 'r1', 'w1', now(),
           CASE WHEN k = 1 AND number = 2 THEN 'succeeded' ELSE 'failed' END, 'auto', 'IntegrityError', 'unknown', '23505', '', '',
           '["patients/folding.py:1 fold"]', left(md5((k * 10 + mod(n, 3))::text), 16)
    FROM {_EACH.format(number=4)} CROSS JOIN generate_series(1, 2) AS number
"""
_REVISIONS = f"""
    INSERT INTO jobs_payloadrevision (job_id, number, payload, payload_version, actor_id, reason)
    SELECT {key(JOB, "n * 10 + 3")}, 1, '{{"statement_id": "still none"}}', 1, %(actor)s, 'Mended' FROM {_PEOPLE}
"""
_RERUN_ITEMS = f"""
    INSERT INTO jobs_rerunitem (rerun_id, position, job_id, attempts_before, outcome, fingerprint)
    SELECT %(rerun)s, n, {key(JOB, "n * 10 + 2")}, 1,
           (ARRAY['waiting', 'running', 'succeeded', 'failed', 'skipped'])[1 + mod(n, 5)],
           CASE WHEN mod(n, 5) = 3 THEN left(md5((20 + mod(n, 3))::text), 16) ELSE '' END
    FROM {_PEOPLE}
"""
_RERUN = """
    UPDATE jobs_rerun SET total = %(last)s, started = %(last)s * 4 / 5, succeeded = %(last)s / 5, failed = %(last)s / 5,
                          skipped = %(last)s / 5 WHERE id = %(rerun)s
"""
_OF_ROSTER = f"{_PEOPLE} WHERE mod(n, 5) > 0"
_ROSTER_LINES = f"""
    INSERT INTO patients_rosterline (roster_id, line, external_id, active_since)
    SELECT %(roster)s, n, 'p-' || lpad(n::text, 6, '0'), noon - interval '100 days' FROM {_OF_ROSTER}
"""
_ROSTER_CHANGES = f"""
    INSERT INTO patients_rosterchange (roster_id, position, patient_id, external_id, kind, effective_at)
    SELECT %(roster)s, n, patient, '', CASE WHEN mod(n, 2) = 0 THEN 'activation' ELSE 'deactivation' END, noon FROM {_OF_ROSTER}
"""
# A third each in order, missing and extra.
_ROSTER = """
    UPDATE patients_roster SET lines = %(last)s, linked_before = %(last)s / 3 * 2, in_order = %(last)s / 3, missing = %(last)s / 3,
                               extra = %(last)s / 3, done = %(last)s / 3 * 2, drift = %(last)s / 4 WHERE id = %(roster)s
"""
_IMPORTED_LINES = f"""
    INSERT INTO observations_importedline (measurement_import_id, line, content)
    SELECT %(file)s, n, '{{"client_id": "i-' || n || '"}}' FROM {_PEOPLE}
"""
_REHEARSED_IDS = f"""
    INSERT INTO observations_rehearsedid (measurement_import_id, kind, client_id, line)
    SELECT %(file)s, CASE WHEN k = 1 THEN 'stored' ELSE 'replaced' END, 'i-' || n, n FROM {_EACH.format(number=2)}
"""
# Every other line was refused, or is in conflict.
_IMPORT_PROBLEMS = f"""
    INSERT INTO observations_importproblem (measurement_import_id, line, number, outcome, client_id, field, code, message,
                                            measurement_id)
    SELECT %(file)s, n, k, CASE WHEN mod(n, 4) = 0 THEN 'conflict' ELSE 'refused' END, 'i-' || n, 'value', 'missing',
           'Is required.', CASE WHEN mod(n, 4) = 0 THEN {key(MEASUREMENT, "n * 10 + 1")} END
    FROM {_EACH.format(number=2)} WHERE mod(n, 2) = 0
"""
_IMPORT = """
    UPDATE observations_measurementimport SET lines = 2 * %(last)s, done = %(last)s, last_line = %(last)s,
        accepted = %(last)s / 2, refused = %(last)s / 4, conflict = %(last)s / 4 WHERE id = %(file)s
"""
_AUDIT = f"""
    INSERT INTO audit_auditentry (actor_id, organisation_id, action, target_type, target_id, reason, details, created_at)
    SELECT CASE WHEN k = 1 THEN %(actor)s::int END, organisation, CASE WHEN k = 1 THEN 'job.run_again' ELSE 'job.end' END, 'job',
           {key(JOB, "n * 10 + k")}::text, 'Mended', '{{}}', now()
    FROM {_EACH.format(number=2)}
"""

ALL = (
    _PATIENTS,
    _STATEMENTS,
    _STATEMENT_CONFLICTS,
    _FACTS,
    _FACT_RETRACTIONS,
    _FACT_CONFLICTS,
    _ASSOCIATIONS,
    _MEASUREMENTS,
    _MEASUREMENT_CONFLICTS,
    _CORRECTIONS,
    _OBSERVATIONS,
    _FAILURES,
    _JOBS,
    _ATTEMPTS,
    _REVISIONS,
    _RERUN_ITEMS,
    _RERUN,
    _ROSTER_LINES,
    _ROSTER_CHANGES,
    _ROSTER,
    _IMPORTED_LINES,
    _REHEARSED_IDS,
    _IMPORT_PROBLEMS,
    _IMPORT,
    _AUDIT,
)
