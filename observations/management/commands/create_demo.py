"""`manage.py create_demo`: something to look at after the first start."""

import json
import os
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from observations.demo import create_demo


class Command(BaseCommand):
    """Creates demo data and accounts once; a second run changes nothing."""

    help = "Create made-up demo data, accounts with generated passwords, and an API key; once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the generated secrets go."""
        parser.add_argument("--credentials-file", type=Path, required=True, help="Written with mode 0600")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Write the credentials to the file; print nothing secret."""
        credentials = create_demo(now=timezone.now())
        if credentials is None:
            self.stdout.write("The demo is there already.")
            return
        path: Path = options["credentials_file"]
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(credentials), file, indent=2)
        self.stdout.write(f"Created demo data; the accounts and the key are in {path}.")
