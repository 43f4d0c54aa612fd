"""Statements of all kinds, with the fingerprints and shapes that they had when the first were stored."""

EXAMPLES = [
    (
        "2e0508c7a9c1855e",
        (
            'SELECT "patients_patient"."id", "patients_patient"."external_id" FROM "patients_patient" INNER '
            'JOIN "submitters_organisation" ON ("patients_patient"."organisation_id" = '
            '"submitters_organisation"."id") WHERE ("patients_patient"."external_id" = %s AND '
            '"patients_patient"."organisation_id" IN (%s, %s)) ORDER BY "patients_patient"."id" DESC LIMIT '
            "21"
        ),
        (
            'SELECT "patients_patient"."id", "patients_patient"."external_id" FROM "patients_patient" INNER '
            'JOIN "submitters_organisation" ON ("patients_patient"."organisation_id" = '
            '"submitters_organisation"."id") WHERE ("patients_patient"."external_id" = ? AND '
            '"patients_patient"."organisation_id" IN (?)) ORDER BY "patients_patient"."id" DESC LIMIT ?'
        ),
    ),
    (
        "99f91bd31d6cb8fa",
        'SELECT 1 AS "a" FROM "jobs_job" WHERE "jobs_job"."kind" = %s LIMIT 1',
        'SELECT ? AS "a" FROM "jobs_job" WHERE "jobs_job"."kind" = ? LIMIT ?',
    ),
    (
        "c89ffb5f69450bad",
        (
            'SELECT COUNT(*) AS "__count" FROM "jobs_job" WHERE NOT ("jobs_job"."state" = %s AND '
            '"jobs_job"."fingerprint" IS NULL)'
        ),
        (
            'SELECT count(*) AS "__count" FROM "jobs_job" WHERE NOT ("jobs_job"."state" = ? AND '
            '"jobs_job"."fingerprint" IS NULL)'
        ),
    ),
    (
        "88f5490605bd7121",
        (
            'SELECT "jobs_job"."kind" AS "kind", COUNT("jobs_job"."id") AS "n" FROM "jobs_job" GROUP BY 1 '
            "ORDER BY 2 DESC, 1 ASC"
        ),
        (
            'SELECT "jobs_job"."kind" AS "kind", count("jobs_job"."id") AS "n" FROM "jobs_job" GROUP BY 1 '
            "ORDER BY 2 DESC, 1 ASC"
        ),
    ),
    (
        "3e191ea98ef01d4b",
        (
            'INSERT INTO "patients_patient" ("id", "external_id") SELECT * FROM UNNEST((%s)::uuid[], '
            '(%s)::varchar[]) ON CONFLICT DO NOTHING RETURNING "patients_patient"."id"'
        ),
        (
            'INSERT INTO "patients_patient" ("id", "external_id") SELECT * FROM unnest((?)::uuid[], '
            '(?)::varchar[]) ON CONFLICT DO NOTHING RETURNING "patients_patient"."id"'
        ),
    ),
    (
        "fdf3dfec91722bd8",
        "INSERT INTO t (a, b) VALUES (1, 'x'), (2, NULL), (3, E'it\\'s')",
        "INSERT INTO t(a, b) VALUES (?, ?)",
    ),
    (
        "7b1ab9310a87634a",
        (
            'UPDATE "jobs_job" SET "state" = CASE WHEN ("jobs_job"."id" = %s) THEN %s WHEN ("jobs_job"."id" '
            '= %s) THEN %s ELSE NULL END::varchar WHERE "jobs_job"."id" IN (%s, %s)'
        ),
        (
            'UPDATE "jobs_job" SET "state" = CASE WHEN "jobs_job"."id" = ? THEN ? ELSE ? END::varchar WHERE '
            '"jobs_job"."id" IN (?)'
        ),
    ),
    (
        "459d6e1de19b2ee3",
        (
            "\n    WITH due AS MATERIALIZED (\n        -- the oldest first\n        SELECT id FROM jobs_job "
            "WHERE kind = %(kind)s AND state = 'available' AND next_run_at <= statement_timestamp()\n        "
            "ORDER BY next_run_at LIMIT %(most)s FOR UPDATE SKIP LOCKED\n    )\n    UPDATE jobs_job SET state "
            "= 'running', lease_token = %(token)s::uuid FROM due WHERE jobs_job.id = due.id\n"
        ),
        (
            "WITH due AS MATERIALIZED (SELECT id FROM jobs_job WHERE kind = ? AND state = ? AND next_run_at "
            "<= statement_timestamp() ORDER BY next_run_at LIMIT ? FOR UPDATE SKIP LOCKED) UPDATE jobs_job "
            "SET state = ?, lease_token = ?::uuid FROM due WHERE jobs_job.id = due.id"
        ),
    ),
    (
        "b9b51a3cdf5c05e9",
        "DELETE FROM api_storedanswer WHERE stored_at < now() - INTERVAL '1 day'",
        "DELETE FROM api_storedanswer WHERE stored_at < now() - INTERVAL ?",
    ),
    (
        "37d7e8f8a5114161",
        "SELECT a FROM t WHERE b = ANY(ARRAY[1,-2,3]::bigint[]) AND c @> '{\"a\": 1}'::jsonb AND d ? 'e'",
        "SELECT a FROM t WHERE b = ANY (ARRAY[?]::bigint[]) AND c @> ?::jsonb AND d ? ?",
    ),
    ("e0d9e0cb4a0e90d9", "SELECT a FROM t WHERE x = 1 OR x = 2 OR x = 3", "SELECT a FROM t WHERE x = ?"),
    (
        "6d040833661d9c12",
        "SELECT a FROM t WHERE (x = 1 AND y = 2) OR (x = 3 AND y = 4)",
        "SELECT a FROM t WHERE (x = ? AND y = ?)",
    ),
    (
        "0b5e9c1dd7839fd7",
        "COPY observations_measurement (id, value) FROM STDIN WITH (FORMAT csv, NULL '')",
        "COPY observations_measurement(id, value) FROM STDIN WITH (format csv, ? ?)",
    ),
    ("7a19996cc3868a38", 'SAVEPOINT "s140736_x12"', 'SAVEPOINT "s0_x0"'),
    ("b9586eaa30fa4812", "RELEASE SAVEPOINT s1_x1", "RELEASE SAVEPOINT s0_x0"),
    (
        "8bf8f4b1cfff9340",
        'FETCH FORWARD 2000 FROM "_django_curs_140_sync_1"',
        'FETCH FORWARD ? FROM "_django_curs_0_sync_0"',
    ),
    ("e9c897315c4ef179", "SELECT set_config('statement_timeout', '5s', true)", "SELECT set_config(?, ?, ?)"),
    ("8ca551f6268f6932", "SET synchronous_commit = off", "SET synchronous_commit = off"),
    ("f8f50044c4c68ccf", "BEGIN; SELECT 1; COMMIT;", "BEGIN; SELECT ?; COMMIT"),
    ("235c67b9a1d87f79", "SELECT a FROM t WHERE b = 'never ended", "SELECT a FROM t WHERE b = ?"),
    (
        "751fe0c13f759908",
        "SELECT $$a$$ || $x$b$x$, U&'\\0061', B'01', X'1F', 1_000, .5e-3, a -1, -1, a%%2",
        "SELECT ? || ?, ?, ?, ?, ?, ?, a - ?, ?, a % ?",
    ),
    ("d1f9d98a6afb8b76", "EXECUTE statement_3 ('x', NULL)", "EXECUTE statement_0(?, ?)"),
    (
        "96717e5d3a9754a7",
        'SELECT "Größe" FROM tabelle WHERE größe > 5',
        'SELECT "Größe" FROM tabelle WHERE größe > ?',
    ),
    ("e4a6a0577479b2b4", " -- nothing\n;;", "/* empty */"),
    ("7125d85cbb2fdb04", "CALL nothing('x')", "CALL nothing(?)"),
    ("84f22c1181fcc908", "call s.refresh_all(1, NULL)", "CALL s.refresh_all(?, ?)"),
    (
        "ec8bc15a598d395d",
        (
            'UPDATE "jobs_job" SET "due_at" = \'2026-03-01T12:00:00+00:00\'::timestamptz, "lease" = \'1 days '
            '0.000000 seconds\'::interval WHERE "jobs_job"."id" = 5'
        ),
        'UPDATE "jobs_job" SET "due_at" = ?::timestamptz, "lease" = ?::INTERVAL WHERE "jobs_job"."id" = ?',
    ),
    (
        "fdf3dfec91722bd8",
        "INSERT INTO t (a, b) VALUES ('1 day'::interval, NULL), (NULL, '1 day'::interval)",
        "INSERT INTO t(a, b) VALUES (?::INTERVAL, ?)",
    ),
    (
        "c148796e1220075a",
        "SELECT ARRAY[NULL, 'x'::timestamp(3) with time zone, '1'::double precision]",
        "SELECT ARRAY[?]",
    ),
    (
        "7a87286685e1bb44",
        "SELECT a FROM t WHERE b IS DISTINCT FROM NULL",
        "SELECT a FROM t WHERE b IS DISTINCT FROM ?",
    ),
    ("e483d12f6034b33f", "SELECT pg_notify('a', 'b')", "SELECT pg_notify(?, ?)"),
]
