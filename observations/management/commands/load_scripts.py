"""`manage.py load_scripts`: install or update the scripts of the library."""

from typing import Any

from django.core.management.base import BaseCommand

from observations.library import LIBRARY
from observations.services import install_library


class Command(BaseCommand):
    """Installs what is new or changed, through the same drafts and tests as any script."""

    help = "Install the library's scripted observations, or new versions of those that changed."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Print the versions that were published."""
        installed = install_library(scripts=LIBRARY)
        for version in installed:
            self.stdout.write(f"Published {version}")
        if not installed:
            self.stdout.write("Nothing to do: every script is up to date.")
