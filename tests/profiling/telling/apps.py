import sys

from django.apps import AppConfig
from django.db import connection


class TellingConfig(AppConfig):
    """Says what PostgreSQL holds this process to."""

    name = "tests.profiling.telling"
    label = "telling"

    def ready(self) -> None:
        """Write one line."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
            statement, lock = cursor.fetchall()[0]
        # A worker forks: nobody may share a connection.
        connection.close()
        sys.stderr.write(f"Statements {statement}, locks {lock}.\n")
