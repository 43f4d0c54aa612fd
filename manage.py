#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import Error

from clinical_engine.common.guards import sentence_of


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinical_engine.settings")
    if sys.argv[1:2] == ["migrate"]:
        os.environ["CLINICAL_ENGINE_PROCESS"] = "migration"
    try:
        execute_from_command_line(sys.argv)
    except Error as error:
        if sentence := sentence_of(error):
            sys.exit(
                f"{sentence} What was committed before it stands; docs/operations/slow-queries.md says more."
            )
        raise


if __name__ == "__main__":
    main()
