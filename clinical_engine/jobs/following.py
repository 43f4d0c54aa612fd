"""Following long work from a shell. It goes on without whoever follows it."""

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Protocol
from uuid import UUID

from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError

from clinical_engine.common.commands import INTERRUPTED, NO_ANSWER
from clinical_engine.jobs.selectors import jobs
from clinical_engine.jobs.states import STOPPED

STALLED = "no step for a while: are the workers running?"
_LOOK_EVERY_SECONDS = 0.5
_FAILED = 1


class Work(Protocol):
    """A row that a job moves on; another job once a person has resumed it."""

    job_id: UUID
    state: str

    def refresh_from_db(self) -> None:
        """Read it anew."""


class JobStoppedError(Exception):
    """The job failed or was cancelled: nothing moves its work any more."""

    def __init__(self, job_id: UUID) -> None:
        self.job_id = job_id
        super().__init__(f"job {job_id}")


def follow(
    work: Work, moving: Container[str], step: Callable[[], object], *, stalled_after: float = 10.0
) -> Iterator[str]:
    """Read the work anew until it is in no state of `moving`; give `STALLED` or '' after each look.

    It stands still when `step` has given the same for `stalled_after` seconds. Raises JobStoppedError.
    """
    seen, since = None, monotonic()
    while True:
        # Before the work: a job that ended since has left it as it is read now.
        job_id = work.job_id
        job_state = jobs().filter(pk=job_id).values_list("state", flat=True).first()
        work.refresh_from_db()
        if (now := step()) != seen:
            seen, since = now, monotonic()
        yield STALLED if monotonic() - since > stalled_after else ""
        if work.state not in moving:
            return
        if job_state in STOPPED and work.job_id == job_id:
            raise JobStoppedError(job_id)
        sleep(_LOOK_EVERY_SECONDS)


@contextmanager
def sentences_about(what: str, *, hint: str = "", again: str = "the admin shows it.") -> Iterator[None]:
    """Make a CommandError of one sentence out of whatever ends the following before the work.

    `hint` says how to go on after an interruption, `again` where to look when the database is back.
    """
    try:
        yield
    except KeyboardInterrupt:
        goes_on = f"goes on. {hint}" if hint else "goes on; the admin shows it."
        raise CommandError(f"The {what} {goes_on}", returncode=INTERRUPTED) from None
    except JobStoppedError as error:
        raise CommandError(
            f"The job {error.job_id} of the {what} failed: see the repair desk in the admin.",
            returncode=_FAILED,
        ) from None
    except (OperationalError, InterfaceError):
        raise CommandError(
            f"The database does not answer. The {what} goes on when it is back; {again}",
            returncode=NO_ANSWER,
        ) from None
