"""`manage.py simulate_vitals`: plays the vitals app against a running engine. docs/simulator.md says more."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinical_engine.common.commands import INTERRUPTED, writing
from observations.simulator import Options, Summary, Target, simulate
from observations.simulator.options import CannotSimulateError, new_run, usual_settling
from observations.simulator.own_client import own_client
from observations.simulator.progress import Display

KEY_VARIABLE = "SIMULATOR_KEY"


class Command(BaseCommand):
    """Sends what vitals apps send, and compares what becomes of it with what must."""

    help = "Send made-up activations and measurements to a running engine, and check everything that comes of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How much, how fast, and to whom."""
        parser.add_argument(
            "--patients", type=int, help="How many at most (default: nine of ten activations)"
        )
        parser.add_argument("--rate", type=float, default=10.0, help="Activations a second (default: 10)")
        parser.add_argument("--duration", type=float, default=30.0, help="Seconds of sending (default: 30)")
        parser.add_argument(
            "--measurements-rate",
            type=float,
            help="Readings a second, 10 a request (default: ten times the rate)",
        )
        parser.add_argument("--seed", type=int, default=1, help="The same seed sends the same (default: 1)")
        parser.add_argument(
            "--settle-seconds",
            type=float,
            default=usual_settling(),
            help="Give up so long after the last patient that became as expected (default: %(default)g, which is longer than"
            " work waits that was lost with a killed worker)",
        )
        parser.add_argument(
            "--url",
            # Where the last `make run` of this folder had its web: the settings have read that with the rest of var/environment.
            default=f"http://127.0.0.1:{os.environ.get('PORT') or 8000}",
            help="Where (default: %(default)s)",
        )
        parser.add_argument(
            "--key",
            help=f"The API client's key; better in the environment, as {KEY_VARIABLE}. Without one a development"
            " engine's database is asked for a client, an organisation and a submitter of the simulator's own",
        )
        parser.add_argument("--organisation", help="With a key: the id of the organisation to act for")
        parser.add_argument("--submitter", help="With a key: the id of one of its submitters")
        parser.add_argument("--json", type=Path, metavar="FILE", help="Write the summary there, too")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Simulate and print the summary; exit 1 when anything is missing or differs, 130 when interrupted."""
        run = new_run()
        try:
            # Before anything is made: nothing of it can be deleted again.
            asked = _options(run, options)
            if options["json"] is not None:
                with writing(str(options["json"])):
                    options["json"].open("a").close()
            with self._target(run, options) as target:
                summary = self._simulate(replace(asked, target=target))
                self.stdout.write(summary.text())
                if options["json"] is not None:
                    with writing(str(options["json"])):
                        options["json"].write_text(summary.as_json(), encoding="utf-8")
        except CannotSimulateError as error:
            raise CommandError(str(error)) from None
        if not summary.is_as_expected:
            sys.exit(INTERRUPTED if summary.interrupted else 1)

    @contextmanager
    def _target(self, run: str, options: dict[str, Any]) -> Iterator[Target]:
        key = options["key"] or os.environ.get(KEY_VARIABLE)
        if key:
            if not (options["organisation"] and options["submitter"]):
                raise CannotSimulateError("With a key, name --organisation and --submitter too.")
            yield Target(options["url"], key, options["organisation"], options["submitter"])
            return
        with own_client(options["url"], run) as target:
            self.stdout.write(
                f"Made 'Simulated organisation {run}' with a programme and an API client, whose key ends with the run."
            )
            yield target

    def _simulate(self, options: Options) -> Summary:
        # Of the process on a terminal: Django's wrapper of it ends every text with a new line.
        display = Display(sys.stderr if self.stderr.isatty() else self.stderr)
        try:
            return simulate(options, show=display.show)
        finally:
            display.close()


def _options(run: str, options: dict[str, Any]) -> Options:
    """What was asked for, of nobody yet. Raises CannotSimulateError for numbers that make no run."""
    rate, duration = options["rate"], options["duration"]
    measurements_rate, patients = options["measurements_rate"], options["patients"]
    return Options(
        target=Target(options["url"], "", "", ""),
        run=run,
        rate=rate,
        duration=duration,
        measurements_rate=10 * rate if measurements_rate is None else measurements_rate,
        patients=_usual_patients(rate, duration) if patients is None else patients,
        seed=options["seed"],
        settle_seconds=options["settle_seconds"],
    )


def _usual_patients(rate: float, duration: float) -> int:
    activations = rate * duration
    return max(1, round(0.9 * activations)) if isfinite(activations) else 1
