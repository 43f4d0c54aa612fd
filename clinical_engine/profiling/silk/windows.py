"""Opening a window in which silk records all of something, and closing it early: each call one transaction."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Least, Now

from clinical_engine.audit import services as audit
from clinical_engine.common.database import execute
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from clinical_engine.profiling.models import ProfilingWindow
from clinical_engine.profiling.silk import origins
from clinical_engine.profiling.silk.open_windows import LONGEST_MINUTES

__all__ = [
    "LONGEST_MINUTES",
    "LONGEST_REASON",
    "MOST_OPEN",
    "end_of",
    "not_over",
    "open_now",
    "start",
    "stop",
]
MOST_OPEN = 5
LONGEST_REASON = 500
# Any number that no other advisory lock of this database uses.
_LOCK = 7_305_121
_LONGEST = timedelta(minutes=LONGEST_MINUTES)


def not_over() -> "QuerySet[ProfilingWindow]":
    """The windows that are open, and those that a clock which was ahead has put into the future."""
    # By its times alone, one that was stopped while the clock was ahead would be open until then.
    return ProfilingWindow.objects.filter(ends_at__gt=Now(), starts_at__gt=Now() - _LONGEST, stopped_by=None)


def open_now() -> "QuerySet[ProfilingWindow]":
    """The windows for which processes record."""
    return not_over().filter(starts_at__lte=Now())


def end_of(window: ProfilingWindow) -> datetime:
    """When it is over: an hour after it was opened at the latest, whatever a clock that was wrong has written."""
    return min(window.ends_at, window.starts_at + _LONGEST)


@transaction.atomic
def start(
    *, actor: AbstractBaseUser, origin: str, minutes: int, per_cent: int, reason: str
) -> ProfilingWindow:
    """Have silk record, from now on for some minutes, a share of what has the origin: 'POST /api/v1/activations', 'job associate'.

    Every process knows of it after its next round, CAPTURE_EVERY at the latest. Raises RefusedError, by field, and
    NotAllowedNowError while one is open for the origin, or as many as there may be.
    """
    if refusals := [*_problems(origin, minutes, per_cent, reason)]:
        raise RefusedError(*refusals)
    if not settings.CAPTURE_EVERY:
        raise NotAllowedNowError(
            "No process would learn of it, since the capture of statements is off: see CAPTURE_EVERY_SECONDS."
        )
    execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    _refuse_too_many(origin)
    window = ProfilingWindow.objects.create(
        origin=origin,
        share=per_cent / 100,
        ends_at=Now() + timedelta(minutes=minutes),
        reason=reason.strip(),
        started_by_id=actor.pk,
    )
    _record(actor, "start", window.pk, reason, origin=origin, minutes=minutes, per_cent=per_cent)
    return window


@transaction.atomic
def stop(*, actor: AbstractBaseUser, window_id: int, reason: str) -> None:
    """Close a window now; processes record for it until their next round. Raises NotAllowedNowError when it is over."""
    if refusals := [*_problems_of_reason(reason)]:
        raise RefusedError(*refusals)
    stopped = not_over().filter(pk=window_id)
    # It has begun before it ends, also one that was to begin in the future of a wrong clock.
    begun = Least("starts_at", Now() - timedelta(milliseconds=1))
    said = reason.strip()
    if stopped.update(starts_at=begun, ends_at=Now(), stopped_by_id=actor.pk, stopped_because=said) != 1:
        raise NotAllowedNowError("It is over already: nothing was changed.")
    _record(actor, "stop", window_id, reason)


def _problems(origin: str, minutes: int, per_cent: int, reason: str) -> Iterator[Refusal]:
    if not origins.is_known(origin):
        yield Refusal("origin", "unknown", "Only a request, job or task of this engine can be recorded.")
    if not 1 <= minutes <= LONGEST_MINUTES:
        yield Refusal("minutes", "out_of_range", f"A whole number from 1 to {LONGEST_MINUTES}.")
    if not 1 <= per_cent <= 100:  # noqa: PLR2004 - per cent
        yield Refusal("per_cent", "out_of_range", "A whole number from 1 to 100.")
    yield from _problems_of_reason(reason)


def _problems_of_reason(reason: str) -> Iterator[Refusal]:
    if not reason.strip():
        yield Refusal("reason", "required", "A reason is required.")
    if len(reason) > LONGEST_REASON:
        yield Refusal("reason", "too_long", f"At most {LONGEST_REASON} characters.")


def _refuse_too_many(origin: str) -> None:
    open_ones = open_now().values_list("origin", flat=True)
    if origin in open_ones:
        raise NotAllowedNowError("A window is open for it already: wait until it is over, or stop it.")
    if len(open_ones) >= MOST_OPEN:
        raise NotAllowedNowError(
            f"{MOST_OPEN} windows are open already, and no more may be: stop one of them."
        )


def _record(actor: AbstractBaseUser, verb: str, window_id: int, reason: str, **details: object) -> None:
    target = audit.Target("profiling_window", window_id, details=details)
    audit.record(actor=actor, action=f"profiling_window.{verb}", targets=[target], reason=reason)
