"""`manage.py reconcile SUBMITTER FILE`: compare a submitter with the list of its patients. docs/rosters.md says more."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Value
from django.db.models.functions import Concat

from clinical_engine.common.commands import WRONG_USE, account, all_or_nothing
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.common.lines.files import FORMS, CannotReadError, LineFile, line_file
from clinical_engine.jobs.following import sentences_about
from patients.models import Roster, RosterState, StatementSource
from patients.rosters import report, services
from patients.rosters.errors import RosterConflictError
from patients.rosters.reading import RosterReader
from patients.rosters.watching import watch
from patients.services import Origin
from submitters.models import Submitter

_NOT_APPLIED = 1
_MAY_CONFIRM = "patients.confirm_roster"


class Command(BaseCommand):
    """Exits with 0 when the roster was applied, or compared by a dry run, and 1 when it was not.

    With 2 for wrong use or a file that is refused, 3 when the database does not answer.
    """

    help = "Compare the patients linked to a submitter with the full list of those active, and link or unlink who differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose list it is, where it is, and as of when."""
        parser.add_argument(
            "submitter", metavar="SUBMITTER", help="UUID, or 'organisation/submitter' by their names"
        )
        parser.add_argument(
            "file",
            metavar="FILE",
            help="NDJSON or CSV, packed with gzip or not; '-' reads the standard input",
        )
        parser.add_argument(
            "--as-of",
            required=True,
            metavar="TIME",
            help="When the list was made, such as 2026-03-10T12:00+01:00",
        )
        parser.add_argument(
            "--form",
            default="",
            metavar="FORM",
            help=f"{', '.join(FORMS)}, or one with .gz; where the name of FILE does not say",
        )
        parser.add_argument("--dry-run", action="store_true", help="Compare only; link and unlink nobody")
        parser.add_argument(
            "--confirm",
            metavar="REASON",
            help="Apply it even where the guard would hold it; never names a patient",
        )
        parser.add_argument(
            "--actor", default="", metavar="USERNAME", help="The account that acts; --confirm needs one"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Send the roster, follow it, print the result. Raises CommandError with one sentence for whatever a person can mend."""
        with all_or_nothing(CannotReadError, RosterConflictError):
            actor = _actor(options)
            file = line_file(options["file"], options["form"])
            roster = _received(
                _submitter(options["submitter"]), file, _as_of(options["as_of"]), actor, options
            )
        self.stdout.write(report.received(roster))
        with sentences_about(f"roster {roster.pk}"):
            roster = self._followed(roster, actor, options["confirm"])
        for text in report.result(roster):
            self.stdout.write(text)
        if roster.state not in {RosterState.APPLIED, RosterState.COMPARED}:
            raise CommandError(_what_now(roster), returncode=_NOT_APPLIED)

    def _followed(self, roster: Roster, actor: User | None, reason: str | None) -> Roster:
        roster = watch(roster, self.stderr)
        if roster.state != RosterState.HELD or actor is None or not reason:
            return roster
        self.stdout.write(f"Confirmed, although held: {roster.held_because}")
        try:
            services.confirm(actor=actor, roster_id=roster.pk, reason=reason, extra=roster.extra)
        except (RefusedError, NotAllowedNowError) as error:
            raise CommandError(str(error), returncode=_NOT_APPLIED) from None
        return watch(roster, self.stderr)


def _received(
    submitter: Submitter, file: LineFile, as_of: datetime, actor: User | None, options: Mapping[str, Any]
) -> Roster:
    source = StatementSource.STAFF if actor else StatementSource.IMPORT
    return services.receive(
        submitter=submitter,
        as_of=as_of,
        lines=lambda roster_id, as_of: RosterReader(
            file.chunks(), form=file.form, gzipped=file.gzipped, as_of=as_of, roster_id=roster_id
        ),
        origin=Origin(source, actor_id=actor.pk if actor else None),
        dry_run=options["dry_run"],
    )


def _submitter(given: str) -> Submitter:
    try:
        found = Submitter.objects.filter(pk=UUID(given))
    except ValueError:
        named = Concat("organisation__name", Value("/"), "name")
        found = Submitter.objects.alias(full_name=named).filter(full_name=given)
    match list(found[:2]):
        case [submitter]:
            return submitter
        case []:
            raise CommandError("There is no such submitter.", returncode=WRONG_USE)
    raise CommandError("Several submitters have this name: use the UUID.", returncode=WRONG_USE)


def _as_of(given: str) -> datetime:
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        raise CommandError(
            "--as-of: must be a time such as 2026-03-10T12:00+01:00.", returncode=WRONG_USE
        ) from None


def _actor(options: Mapping[str, Any]) -> User | None:
    confirms = options["confirm"] is not None
    if confirms and not options["confirm"].strip():
        raise CommandError("--confirm: needs a reason.", returncode=WRONG_USE)
    if not options["actor"]:
        if confirms:
            raise CommandError(
                "--confirm: needs --actor, the account that answers for it.", returncode=WRONG_USE
            )
        return None
    return account(options["actor"], _MAY_CONFIRM if confirms else "")


def _what_now(roster: Roster) -> str:
    if roster.state == RosterState.HELD:
        return f"Look at the roster {roster.pk} in the admin, and confirm or cancel it there."
    return "It was not applied."
