"""Results by COPY, as anybody would write them."""

from io import BytesIO

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says

_COLUMNS = (
    "id, organisation_id, patient_id, script_id, script_version_id, code_id, as_of, value, not_computable, interpretation,"
    " derived_from, from_observations, from_facts"
)


def copy_into(connection: Connection, rows: str) -> None:
    """Write rows in COPY's text format, as one transaction."""
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY observations_observation ({_COLUMNS}) FROM STDIN", BytesIO(rows.encode()))
