"""`manage.py check_payloads`: the gate before a release is deployed, or rolled back to. docs/decisions/payload-formats.md."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, OperationalError

from clinical_engine.common.logs import describe_error
from clinical_engine.jobs.payloads.check import Group, Refused, Verdict
from clinical_engine.jobs.payloads.progress import with_progress
from clinical_engine.jobs.payloads.stored import NoLedgerError, read_only_ledger

_REFUSED, _NOT_CHECKED = 1, 2


class Command(BaseCommand):
    """Runs on the code of the release in question, against the database as it is: before that release's migrations."""

    help = (
        "Read the payload of every unfinished and dead job as this release would. "
        "Exit status: 0 when it can read all of them, 1 when not, 2 when the database could not be read."
    )
    # Whatever else may be wrong with the release, this status speaks of payloads only.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How the answer is written."""
        parser.add_argument("--json", action="store_true", help="Write the answer as one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Write what cannot be read, and exit as `help` says. Raises CommandError with one sentence for status 2."""
        verdict = Verdict()
        with _told_in_a_sentence(), read_only_ledger() as ledger:
            waiting = ledger.count_waiting_for_a_person()
            verdict.judge(with_progress(ledger.payloads(), ledger.count(), self.stderr))
        write = _as_json if options["json"] else _as_text
        self.stdout.write(write(verdict, waiting))
        if not verdict.all_readable:
            sys.exit(_REFUSED)


@contextmanager
def _told_in_a_sentence() -> Iterator[None]:
    try:
        yield
    except NoLedgerError:
        raise CommandError(
            "The database has no table of jobs: is it the engine's, and was it ever migrated?",
            returncode=_NOT_CHECKED,
        ) from None
    except OperationalError as error:
        raise CommandError(
            f"The database does not answer ({describe_error(error)}): nothing is known about the payloads.",
            returncode=_NOT_CHECKED,
        ) from None
    except Error as error:
        raise CommandError(
            f"The table of jobs cannot be read ({describe_error(error)}): nothing is known about the payloads.",
            returncode=_NOT_CHECKED,
        ) from None


def _as_json(verdict: Verdict, waiting: int) -> str:
    refused = [
        {
            "kind": group.kind,
            "version": group.version,
            "reason": group.reason,
            "count": found.count,
            "jobs": [str(job_id) for job_id in found.job_ids],
        }
        for group, found in verdict.refused
    ]
    return json.dumps(
        {
            "release": settings.RELEASE,
            "readable": verdict.all_readable,
            "read": verdict.read,
            "waiting_for_a_person": waiting,
            "refused": refused,
        },
        indent=2,
    )


def _as_text(verdict: Verdict, waiting: int) -> str:
    lines = [_line(group, found) for group, found in verdict.refused]
    if waiting:
        lines.append(f"{waiting:,} more have an invalid payload and wait for a person; they were not read.")
    if verdict.all_readable:
        lines.append(f"Release {settings.RELEASE} can read all {verdict.read:,} payloads.")
    else:
        number = sum(found.count for _, found in verdict.refused)
        lines.append(
            f"Release {settings.RELEASE} cannot read {number:,} of {verdict.read:,} payloads: do not deploy it."
        )
    return "\n".join(lines)


def _line(group: Group, found: Refused) -> str:
    jobs = ", ".join(map(str, found.job_ids))
    more = ", ..." if found.count > len(found.job_ids) else ""
    return f"{group.kind}, format {group.version}: {group.reason}: {found.count:,} (jobs {jobs}{more})"
