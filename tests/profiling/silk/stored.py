"""Rows as silk has them after it recorded many requests, made in the database itself."""

from clinical_engine.common.database import execute


def fill(*, requests: int, statements: int, size: int = 2_000) -> None:
    """Requests one a second, the latest now; each ran the statements with the fingerprints '...0', '...1', '...2' and so on."""
    numbers = {"requests": requests, "statements": statements, "size": size}
    for sql in _ROWS:
        execute(sql, numbers)


_ROWS = (
    """
    INSERT INTO silk_request (id, path, query_params, raw_body, body, method, start_time, view_name, end_time, time_taken,
        encoded_headers, pyprofile, prof_file, num_sql_queries)
    SELECT gen_random_uuid(), '/api/v1/made', '', '', '', 'GET', now() - n * interval '1 second', 'made', now(), n,
        '{}', '', '', %(statements)s
    FROM generate_series(1, %(requests)s) AS n
    """,
    """
    INSERT INTO silk_response (id, request_id, status_code, raw_body, body, encoded_headers)
    SELECT gen_random_uuid(), id, 200, '', '', '{}' FROM silk_request
    """,
    """
    INSERT INTO silk_sqlquery (query, start_time, end_time, time_taken, identifier, request_id, traceback)
    SELECT 'SELECT ' || n, start_time, start_time, 1, -1, id, repeat(md5(id || n), 20)
    FROM silk_request, generate_series(1, %(statements)s) AS n
    """,
    """
    INSERT INTO profiling_recording (request_id, started_at, origin, bytes)
    SELECT id, start_time, 'GET /api/v1/made', %(size)s FROM silk_request
    """,
    """
    INSERT INTO profiling_profiledstatement (fingerprint, started_at, request_id, times)
    SELECT lpad((n - 1)::text, 16, '0'), start_time, id, n
    FROM silk_request, generate_series(1, %(statements)s) AS n
    """,
)
