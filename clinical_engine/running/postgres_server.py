"""The embedded PostgreSQL."""

import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psycopg2

from clinical_engine.running.accounts import account_for, take_ownership
from clinical_engine.running.binaries import postgres_program
from clinical_engine.running.errors import CannotRunError
from clinical_engine.running.folders import private_folder
from clinical_engine.running.processes import RunAs, run_quietly, wait_until
from clinical_engine.running.servers import EmbeddedServer

ADMIN = "clinical_engine_admin"
PORT = 5432  # Only the socket's name: nothing listens on a network.
SOCKET = f".s.PGSQL.{PORT}"

# Statements carry patients' data as literals, and an error's text, detail or context repeats them.
VALUE_FREE_LOG = {
    # Above ERROR: 'invalid input syntax for type date: "..."' quotes the value. The client is told anyway.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    # Leaves out DETAIL: a crash would log the statement it was running, a constraint its row.
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_autovacuum_min_duration": "-1",
    "debug_print_parse": "off",
    "debug_print_rewritten": "off",
    "debug_print_plan": "off",
    "log_parser_stats": "off",
    "log_statement_stats": "off",
}

# For clusters that nobody misses after a power cut; a killed process loses nothing by it.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


class PostgresServer(EmbeddedServer):
    """PostgreSQL 18 at `home`/postgres. Whoever can enter the folder of its socket may connect as any role."""

    name = "postgres"
    program = "postgres"
    # SIGINT: clients are cut off and the data is made consistent. SIGQUIT: recovery at the next start.
    ending = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0))
    # Not SIGINT: PostgreSQL 18 hangs when it gets that while it recovers from a crash.
    on_parent_death = signal.SIGQUIT
    default_settings: ClassVar[Mapping[str, str]] = {
        **VALUE_FREE_LOG,
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_permissions": "0700",
        "max_connections": "60",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_line_prefix": "%m [%p] %q%u@%d %e ",
        "cluster_name": "clinical_engine",
    }

    def url(self, user: str, database: str) -> str:
        """Where to connect as `user`; libpq, psycopg and django-environ read it alike.

        The folder stands in the query: in the host's place django-environ neither decodes it nor keeps capitals.
        """
        return f"postgres://{quote(user)}@/{quote(database)}?host={quote(str(self.sockets))}"

    def stop(self) -> None:
        """End it in order within a deadline, else by force; harmless when it does not run."""
        if self.is_running:
            # While it recovers from a crash the orderly way would hang until its patience is over.
            wait_until(lambda: not self.is_running or self._answers(), seconds=20)
        super().stop()

    def _prepare(self) -> tuple[list[str | Path], RunAs]:
        postgres = postgres_program("postgres")
        private_folder(self.data)
        run_as = account_for(postgres, self.data)
        take_ownership(self.sockets, run_as)
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster(run_as)
        # Nobody runs it any more, as the lock and the search for leftovers have shown. But the process id in these
        # files may meanwhile be another program's, and PostgreSQL would refuse to start.
        for stale in (self.data / "postmaster.pid", self.sockets / SOCKET, self.sockets / f"{SOCKET}.lock"):
            stale.unlink(missing_ok=True)
        settings = {**self.settings, "unix_socket_directories": str(self.sockets)}
        arguments = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [postgres, "-D", self.data, *arguments], run_as

    def _create_cluster(self, run_as: RunAs) -> None:
        # Built beside its place and moved there when whole: a start that is cut short leaves no half cluster.
        building = self.home / f"{self.name}.new"
        shutil.rmtree(building, ignore_errors=True)
        take_ownership(private_folder(building), run_as)
        command: list[str | Path] = [postgres_program("initdb"), "-D", building, "-U", ADMIN, "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = run_quietly(command, run_as=run_as)
        if done.returncode != 0:
            reason = done.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
            raise CannotRunError(f"PostgreSQL could not create its data folder {self.data}: {reason[0]}")
        building.replace(self.data)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url(ADMIN, "postgres"), connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return True
