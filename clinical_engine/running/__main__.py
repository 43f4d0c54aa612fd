"""`python -m clinical_engine.running`: up, or exec COMMAND."""

import argparse
import sys
from pathlib import Path

from clinical_engine.running.errors import CannotRunError
from clinical_engine.running.execution import execute
from clinical_engine.running.terminal import open_database
from clinical_engine.running.up import up


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; the exit code. Why it cannot run is said in a sentence on standard error."""
    options = _parser().parse_args(arguments)
    try:
        if options.action == "up":
            return up()
        if options.action == "psql":
            open_database()
        return execute(options.command, home=options.home, migrated=options.migrated)
    except CannotRunError as error:
        sys.stderr.write(f"Cannot run: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m clinical_engine.running")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("up", help="start the engine and keep it running")
    actions.add_parser("psql", help="open the database of the running engine")
    execution = actions.add_parser("exec", help="run COMMAND beside fresh servers that end with it")
    execution.add_argument("--home", type=Path, help="keep the servers' data here (default: thrown away)")
    execution.add_argument(
        "--no-migrate", dest="migrated", action="store_false", help="leave the database empty"
    )
    execution.add_argument(
        "command", nargs="+", metavar="COMMAND", help="the command and its arguments, after --"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
