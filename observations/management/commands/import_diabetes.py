"""`manage.py import_diabetes DIR`: real diaries of 35 patients, through the services. docs/import-diabetes.md says more."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from clinical_engine.common.commands import writing
from clinical_engine.common.logs import describe_error
from observations.diabetes.files import CannotReadError, Diary, read_diaries
from observations.diabetes.importer import CannotImportError, Target, import_diaries, rehearse
from observations.diabetes.progress import progress_on
from observations.diabetes.report import Report, summarise, write_csv


class Command(BaseCommand):
    """Imports a folder of diaries; a second run adds nothing."""

    help = "Import the diaries of the AIM '94 diabetes data (files data-01, data-02, ...) and report on every line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the diaries are, whom they belong to, and where the report goes."""
        parser.add_argument("folder", type=Path, metavar="DIR", help="The folder of the files data-NN")
        parser.add_argument("--organisation", default="Diabetes study (AIM 94)", help="Created if it is new")
        parser.add_argument("--submitter", default="Diabetes diaries", help="Created if it is new")
        parser.add_argument(
            "--timezone",
            default="Europe/Amsterdam",
            help="IANA time zone of the patients' clocks and of the organisation (default: %(default)s)",
        )
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="Write each line that was not stored, and why, as CSV"
        )
        parser.add_argument("--dry-run", action="store_true", help="Report what would happen; store nothing")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Import, then print the counts. Raises CommandError with one sentence for whatever a person can mend."""
        report_file: Path | None = options["report"]
        if report_file is not None:
            # Before the import: a person should not learn only afterwards that the report is lost.
            with writing(f"The report {report_file}"):
                report_file.open("a").close()
        target = Target(options["organisation"], options["submitter"], options["timezone"])
        try:
            diaries = read_diaries(options["folder"])
            report = self._import(diaries, target, dry_run=options["dry_run"])
        except (CannotReadError, CannotImportError) as error:
            raise CommandError(str(error)) from None
        except OperationalError as error:
            raise CommandError(
                f"The database does not answer ({describe_error(error)}). What was stored stays; import again to go on."
            ) from None
        self.stdout.write(summarise(report))
        if options["dry_run"]:
            self.stdout.write("This was a dry run: nothing was stored.")
        if report_file is not None:
            with (
                writing(f"The report {report_file}"),
                report_file.open("w", encoding="utf-8", newline="") as output,
            ):
                write_csv(report, output)

    def _import(self, diaries: Sequence[Diary], target: Target, *, dry_run: bool) -> Report:
        run = rehearse if dry_run else import_diaries
        with progress_on(self.stderr) as show:
            return run(diaries, target, now=timezone.now(), show=show)
