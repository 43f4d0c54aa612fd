"""`manage.py scripts`: what is in force of each script, and what is wrong with it."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from clinical_engine.staff.expressions import bounded
from observations.scripts.overview import Overview, overviews


class Command(BaseCommand):
    """Reads only; says nothing of patients but how many."""

    help = "List the scripts: version in force, pins, drafts, proposals, suspended versions, failing patients, old results."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which scripts, and in which form."""
        parser.add_argument("names", nargs="*", metavar="name", help="Only these scripts; without any, all.")
        parser.add_argument("--json", action="store_true", help="As a JSON list of objects.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Print a script with each thing to know of it below, or all as JSON."""
        found = overviews(options["names"])
        if options["json"]:
            self.stdout.write(json.dumps([overview._asdict() for overview in found], indent=2, default=str))
            return
        for overview in found:
            for line in _lines(overview):
                self.stdout.write(line)


def _lines(overview: Overview) -> Iterator[str]:
    in_force = "nothing in force"
    if overview.in_force is not None:
        in_force = f"v{overview.in_force} in force from {overview.in_force_from}"
    whose = f" (of {overview.organisation})" if overview.organisation else ""
    yield f"{overview.name}{whose}: {in_force}"
    yield from (f"    {name} stays on v{number}" for name, number in overview.pinned.items())
    yield from (f"    v{number} is a draft" for number in overview.drafts)
    yield from (f"    v{number} waits for a second person" for number in overview.proposed)
    yield from (f"    v{number} is suspended" for number in overview.suspended)
    if overview.failing_patients:
        yield f"    fails for {overview.failing_patients:,} patient{'s' * (overview.failing_patients != 1)}"
    if overview.outdated_since:
        number = f"{bounded(overview.outdated_results)} result{'s' * (overview.outdated_results != 1)}"
        yield (
            f"    not brought in line since {overview.outdated_since}: {number} counted that another version gave than is in"
            " force; others may be missing"
        )
