"""What a run of the simulator is told."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite

from django.conf import settings

# From the end of a lease and a sweep until the work that was lost with a worker has been done again.
_DONE_AGAIN = 25.0


class CannotSimulateError(Exception):
    """The run cannot begin; the text is a sentence for whoever started it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A running engine and whom to act for there; organisation and submitter are the engine's UUIDs."""

    url: str
    key: str = field(repr=False)
    organisation: str
    submitter: str


def new_run() -> str:
    """A name that no other run has; all ids of a run carry it."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def usual_settling() -> float:
    """The seconds a run waits unless told: longer than work that was lost with a killed worker waits to be done again.

    The lease and the sweep are those of the settings here, which are the engine's own where both run in the same folder.
    """
    # Shorter than that, patients would be found wrong who become right by themselves as soon as the lease has expired.
    return (settings.JOB_LEASE + settings.SWEEP_INTERVAL).total_seconds() + _DONE_AGAIN


@dataclass(frozen=True, slots=True)
class Options:
    """How much is sent, how fast, and how long the engine may take.

    `rate` activations and `measurements_rate` readings a second for `duration` seconds, about at most `patients` patients. The
    same seed gives the same contents; the ids carry the name of the run.
    """

    target: Target
    rate: float = 10.0
    duration: float = 30.0
    measurements_rate: float = 100.0
    patients: int = 270
    seed: int = 1
    run: str = field(default_factory=new_run)
    settle_seconds: float = field(default_factory=usual_settling)
    """How long the run goes on waiting for an engine in which nothing becomes right any more, or that does not answer."""
    senders: int = 8
    readings_per_request: int = 10
    samples_per_second: float = 3.0
    """How many activations, and how many readings, are watched until their result shows."""

    def __post_init__(self) -> None:
        """Raise CannotSimulateError for numbers that make no run."""
        given = (self.rate, self.duration, self.measurements_rate, self.settle_seconds, self.patients)
        if not all(isfinite(number) and number > 0 for number in given):
            raise CannotSimulateError("Rates, times and the number of patients must be above zero.")
