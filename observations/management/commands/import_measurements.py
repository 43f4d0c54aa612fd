"""`manage.py import_measurements ORGANISATION FILE`: import a file of readings. docs/import-measurements.md says more."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from clinical_engine.common.commands import WRONG_USE, account, all_or_nothing, writing
from clinical_engine.common.lines.files import FORMS, CannotReadError, line_file
from clinical_engine.jobs.following import sentences_about
from observations.importing import report, services
from observations.importing.watching import watch
from observations.models import ImportState, MeasurementImport
from submitters.models import Organisation

_NOT_ALL_TAKEN = 1
_MAY_IMPORT = "observations.add_measurementimport"


class Command(BaseCommand):
    """Exits with 0 when every line was taken, or was there before, and 1 when one was refused or is in conflict, or it was stopped.

    With 2 for wrong use or a file that is refused, 3 when the database does not answer.
    """

    help = "Import the measurements of a file (CSV or NDJSON) into an organisation, and report on every line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose measurements they are, where they are, and where the report goes."""
        parser.add_argument("organisation", metavar="ORGANISATION", help="Its UUID, or its name")
        parser.add_argument(
            "file",
            metavar="FILE",
            help="CSV or NDJSON, packed with gzip or not; '-' reads the standard input",
        )
        parser.add_argument(
            "--form",
            default="",
            metavar="FORM",
            help=f"{', '.join(FORMS)}, or one with .gz; where the name of FILE does not say",
        )
        parser.add_argument("--dry-run", action="store_true", help="Answer every line; store nothing")
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="Write each line that was not taken, and why, as CSV"
        )
        parser.add_argument(
            "--reason",
            default="Imported from a shell",
            metavar="REASON",
            help="Kept in the audit trail; never names a patient",
        )
        parser.add_argument("--actor", default="", metavar="USERNAME", help="The account that acts")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Send the file, follow it, print the result. Raises CommandError with one sentence for whatever a person can mend."""
        with all_or_nothing(CannotReadError):
            file = _received(options)
        self.stdout.write(report.received(file))
        with sentences_about(f"import {file.pk}"):
            watch(file, self.stderr)
            for text in report.result(file):
                self.stdout.write(text)
            if options["report"]:
                with writing(f"The report {options['report']}"), options["report"].open("wb") as output:
                    output.writelines(report.problems_as_csv(file))
        if file.conflict or file.refused or file.state == ImportState.CANCELLED:
            raise CommandError("Not every line was taken.", returncode=_NOT_ALL_TAKEN)


def _received(options: Mapping[str, Any]) -> MeasurementImport:
    organisation = _organisation(options["organisation"])
    actor = account(options["actor"], _MAY_IMPORT) if options["actor"] else None
    file = line_file(options["file"], options["form"])
    if options["report"]:
        # Before the import: a person should not learn only afterwards that the report is lost.
        with writing(f"The report {options['report']}", WRONG_USE):
            options["report"].open("a").close()
    incoming = services.IncomingFile(Path(file.name).name, file.form, file.gzipped, file.chunks())
    return services.receive(
        organisation=organisation,
        file=incoming,
        actor=actor,
        reason=options["reason"],
        dry_run=options["dry_run"],
    )


def _organisation(given: str) -> Organisation:
    try:
        found = Organisation.objects.filter(pk=UUID(given))
    except ValueError:
        found = Organisation.objects.filter(name=given)
    organisation = found.first()
    if organisation is None:
        raise CommandError("There is no such organisation.", returncode=WRONG_USE)
    return organisation
