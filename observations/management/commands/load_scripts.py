"""`manage.py load_scripts`: install or update the scripts of the library."""

import textwrap
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from observations.scripts.library import LIBRARY, LibraryScript
from observations.scripts.library.installing import Installed, State, install


class Command(BaseCommand):
    """Installs what is new or changed, through the same drafts and tests as any script."""

    help = "Install the library's scripted observations, or new versions of those that changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which scripts, and what to do with them."""
        parser.add_argument("names", nargs="*", metavar="name", help="Only these scripts; without any, all.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would become of each; store nothing."
        )
        parser.add_argument(
            "--list", action="store_true", help="List the scripts, their sources and licences."
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Print what became of each script. Raises CommandError when one could not be installed; the others are."""
        scripts = _named(options["names"])
        if options["list"]:
            for script in scripts:
                self.stdout.write(_described(script))
            return
        with transaction.atomic():
            refused = [script.name for script in scripts if not self._install(script)]
            transaction.set_rollback(options["dry_run"])
        if refused:
            raise CommandError(f"Not installed: {', '.join(refused)}.")
        if options["dry_run"]:
            self.stdout.write("A dry run: nothing was stored.")

    def _install(self, script: LibraryScript) -> bool:
        try:
            installed = install(script)
        except RefusedError as error:
            self.stderr.write(f"{script.name}: refused")
            for refusal in error.refusals:
                self.stderr.write(f"    {refusal.field}: {refusal.message}")
        except NotAllowedNowError as error:
            self.stderr.write(f"{script.name}: refused: {error}")
        else:
            self.stdout.write(_line(script, installed))
            return True
        return False


def _named(names: Sequence[str]) -> list[LibraryScript]:
    if unknown := sorted(set(names) - {script.name for script in LIBRARY}):
        known = ", ".join(script.name for script in LIBRARY)
        raise CommandError(f"The library has no {unknown[0]}. It has: {known}.")
    return [script for script in LIBRARY if not names or script.name in names]


def _line(script: LibraryScript, installed: Installed) -> str:
    line = f"{script.name}: {installed.state}, version {installed.version.number}"
    if installed.state is State.WITHHELD:
        line += " is a draft: what was decided here last stands. Look at it, and propose it."
    return line


def _described(script: LibraryScript) -> str:
    rows = [("title", script.title), ("source", script.source_reference), ("licence", script.licence)]
    return "\n".join(
        [script.name, *(_wrapped(f"{name}: {text}") for name, text in rows)],
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 110, initial_indent="    ", subsequent_indent="        ")
