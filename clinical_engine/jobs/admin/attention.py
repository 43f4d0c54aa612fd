"""What needs a person besides failed jobs: kinds whose work is paused, jobs that nothing works off, reruns that have stopped."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from clinical_engine.jobs import selectors
from clinical_engine.jobs.models import Circuit
from clinical_engine.jobs.payloads.waiting import count_waiting_for_release
from clinical_engine.staff.cells import ago, length, list_url
from clinical_engine.staff.panels import Permitted

_COUNT_UP_TO = 10_000
_LIST = "admin:jobs_job_changelist"


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that needs a person: a heading, a sentence, and where to go (address and words)."""

    title: str
    text: str
    url: str = ""
    link: str = ""


def attention(user: Permitted) -> list[Matter]:
    """What needs a person now, four statements."""
    return [*_circuits(user), *_late(), *_waiting(), *_paused(user)]


def _circuits(user: Permitted) -> Iterator[Matter]:
    may_close = user.has_perm("jobs.close_circuit")
    for circuit in selectors.circuits_open():
        close = reverse("admin:jobs_job_close_circuit", args=[circuit.kind]) if may_close else ""
        yield Matter(f"'{circuit.kind}' is paused", _pause(circuit), close, "Close now")


def _pause(circuit: Circuit) -> str:
    since = f" for {ago(circuit.opened_at)}" if circuit.opened_at else ""
    rest = circuit.open_until - timezone.now() if circuit.open_until else None
    then = (
        f"One job is tried in {length(rest)}"
        if rest and rest.total_seconds() > 0
        else "One job is tried as soon as a worker is free"
    )
    return (
        f"Its circuit is open: something that its work needs does not answer{since}: {circuit.error}. "
        f"{circuit.failures:,} batches failed in a row. {then}; its success closes the circuit."
    )


def _late() -> Iterator[Matter]:
    number = selectors.counted(selectors.late(selectors.jobs()), _COUNT_UP_TO)
    if number:
        text = "Due for more than a minute and not started. Are the workers running?"
        yield Matter(f"{_jobs(number)} late", text, list_url(_LIST, state="late"), "Show them")


def _waiting() -> Iterator[Matter]:
    number = count_waiting_for_release(_COUNT_UP_TO)
    if number:
        wait = "waits" if number == 1 else "wait"
        text = "This release does not know the kind, or reads no format that new. A release that does works them off."
        url = list_url(_LIST, state="waiting_for_release")
        yield Matter(f"{_jobs(number)} {wait} for a release", text, url, "Show them")


def _paused(user: Permitted) -> Iterator[Matter]:
    if not user.has_perm("jobs.view_rerun"):
        return
    for rerun in selectors.paused_reruns():
        done = rerun.succeeded + rerun.failed + rerun.skipped
        text = f"{rerun.paused_because or 'A person paused it.'} {done:,} of {rerun.total:,} jobs have ended."
        yield Matter(
            f"A rerun by {rerun.actor.get_username()} is paused",
            text,
            reverse("admin:jobs_rerun_change", args=[rerun.pk]),
            "Look at it",
        )


def _jobs(number: int) -> str:
    if number >= _COUNT_UP_TO:
        return f"{_COUNT_UP_TO:,} jobs or more"
    return f"{number:,} job{'' if number == 1 else 's'}"
