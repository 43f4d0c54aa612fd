"""`manage.py import_measurements ORGANISATION FILE`: import a file of readings. docs/import-measurements.md says more."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from clinical_engine.common.errors import RefusedError
from clinical_engine.common.guards import why_no_answer
from clinical_engine.common.lines.files import FORMS, CannotReadError, line_file
from observations.importing import report, services
from observations.importing.watching import JobStoppedError, watch
from observations.models import ImportState, MeasurementImport
from submitters.models import Organisation

_NOT_ALL_TAKEN = 1
_WRONG_USE = 2
_NO_ANSWER = 3
_INTERRUPTED = 130
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
        with _sentences():
            file = _received(options)
        self.stdout.write(report.received(file))
        with _sentences_about(file):
            watch(file, self.stderr)
            for text in report.result(file):
                self.stdout.write(text)
            if options["report"]:
                _write(file, options["report"])
        if file.conflict or file.refused or file.state == ImportState.CANCELLED:
            raise CommandError("Not every line was taken.", returncode=_NOT_ALL_TAKEN)


def _received(options: Mapping[str, Any]) -> MeasurementImport:
    organisation, actor = _organisation(options["organisation"]), _actor(options["actor"])
    file = line_file(options["file"], options["form"])
    if options["report"]:
        _check_writable(options["report"])
    incoming = services.IncomingFile(Path(file.name).name, file.form, file.gzipped, file.chunks())
    return services.receive(
        organisation=organisation,
        file=incoming,
        actor=actor,
        reason=options["reason"],
        dry_run=options["dry_run"],
    )


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except RefusedError as error:
        texts = [f"{refusal.field}: {refusal.message}" for refusal in error.refusals]
        raise CommandError(f"{' '.join(texts)} Nothing was stored.", returncode=_WRONG_USE) from None
    except CannotReadError as error:
        raise CommandError(str(error), returncode=_WRONG_USE) from None
    except KeyboardInterrupt:
        raise CommandError("Interrupted; nothing was stored.", returncode=_INTERRUPTED) from None
    except (OperationalError, InterfaceError) as error:
        told = f"{why_no_answer(error)} Nothing was stored."
        raise CommandError(told, returncode=_NO_ANSWER) from None


@contextmanager
def _sentences_about(file: MeasurementImport) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError(
            f"The import {file.pk} goes on; the admin shows it.", returncode=_INTERRUPTED
        ) from None
    except JobStoppedError:
        raise CommandError(
            f"The job {file.job_id} of the import {file.pk} failed: see the repair desk in the admin.",
            returncode=_NOT_ALL_TAKEN,
        ) from None
    except (OperationalError, InterfaceError):
        raise CommandError(
            f"The database does not answer. The import {file.pk} goes on when it is back; the admin shows it.",
            returncode=_NO_ANSWER,
        ) from None


def _write(file: MeasurementImport, path: Path) -> None:
    try:
        with path.open("wb") as output:
            output.writelines(report.problems_as_csv(file))
    except OSError as error:
        raise CommandError(f"The report {path} cannot be written: {error.strerror}.") from None


def _check_writable(path: Path) -> None:
    # Before the import: a person should not learn only afterwards that the report is lost.
    try:
        path.open("a").close()
    except OSError as error:
        raise CommandError(
            f"The report {path} cannot be written: {error.strerror}.", returncode=_WRONG_USE
        ) from None


def _organisation(given: str) -> Organisation:
    try:
        found = Organisation.objects.filter(pk=UUID(given))
    except ValueError:
        found = Organisation.objects.filter(name=given)
    organisation = found.first()
    if organisation is None:
        raise CommandError("There is no such organisation.", returncode=_WRONG_USE)
    return organisation


def _actor(name: str) -> User | None:
    if not name:
        return None
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError("--actor: is the name of an active account.", returncode=_WRONG_USE)
    if not user.has_perm(_MAY_IMPORT):
        raise CommandError(
            f"--actor: this account lacks the permission {_MAY_IMPORT}.", returncode=_WRONG_USE
        )
    return user
