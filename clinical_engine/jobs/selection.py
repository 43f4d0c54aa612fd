"""Which jobs are meant: the filter of the list, of a bulk rerun and of `manage.py rerun`, as data."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from clinical_engine.jobs.models import Job
from clinical_engine.jobs.payloads.waiting import waiting_for_release
from clinical_engine.jobs.selectors import late
from clinical_engine.jobs.states import CLAIMABLE, FAILED, JobState

DEFAULT_STATE = "failed"
# An address says 'the last hour'; what is frozen from it must not move with the clock, so it becomes a time.
WITHIN = "failed_within"
SPANS: Mapping[str, tuple[str, timedelta]] = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Last 24 hours", timedelta(days=1)),
    "week": ("Last 7 days", timedelta(days=7)),
}
# Names of kinds, queues, causes and releases; a release with another name does not start.
WORD = re.compile(r"[\w.+-]{1,64}")
_Rows = QuerySet[Job]


@dataclass(frozen=True, slots=True)
class StateChoice:
    """A state, or a question about states, that jobs are chosen by: for a list of choices, for a sentence, for the database."""

    title: str
    sentence: str
    narrow: Callable[[_Rows], _Rows]


def _in(*states: JobState) -> Callable[[_Rows], _Rows]:
    return lambda rows: rows.filter(state__in=states)


STATES: Mapping[str, StateChoice] = {
    DEFAULT_STATE: StateChoice("Failed: waits for a person", "Failed jobs", _in(*FAILED)),
    "late": StateChoice("Late: due and not started", "Jobs that are due and not started", late),
    "waiting_for_release": StateChoice(
        "Waits for a release", "Jobs that wait for a release that can read them", waiting_for_release
    ),
    **{
        state.value: StateChoice(str(state.label), f"Jobs in the state '{state.label}'", _in(state))
        for state in JobState
    },
    "all": StateChoice("In any state", "Jobs in any state", lambda rows: rows),
}


class SelectionError(ValueError):
    """What was asked for is no filter of jobs. Its text names the field and what it may hold, never what was given."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(f"{field}: {message}")


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter of jobs; what is None lets every value through.

    `failed_after` and `failed_before` are about when a job ended (from then on, and before then), `release` is the one that
    tried it last, `last_actor` the id of the account that last did something to it. A kind that no release knows any more
    is as good as any.
    """

    state: str = DEFAULT_STATE
    kind: str | None = None
    queue: str | None = None
    fingerprint: str | None = None
    release: str | None = None
    payload_version: int | None = None
    organisation: UUID | None = None
    submitter: UUID | None = None
    failed_after: datetime | None = None
    failed_before: datetime | None = None
    last_actor: int | None = None

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Selection":
        """The selection that texts such as those of an address describe; an empty text is as none.

        Raises SelectionError for a name that is no filter, which would otherwise select more than was meant, and for a text
        that cannot be a value of its filter.
        """
        texts = {name: text.strip() for name, text in given.items() if text.strip()}
        if span := texts.pop(WITHIN, ""):
            texts.setdefault("failed_after", _start_of(span).isoformat())
        values = {name: _read(name, text) for name, text in texts.items()}
        selection = cls(**values)
        if selection.failed_after and selection.failed_before and _is_empty(selection):
            raise SelectionError("failed_before", "is not later than failed_after.")
        return selection

    def as_parameters(self) -> dict[str, str]:
        """The texts from which `parse` makes this selection: the query of the list's address, a rerun's stored filter."""
        given = {name: getattr(self, name) for name in NAMES}
        return {name: _text(value) for name, value in given.items() if value is not None}

    def rows(self) -> QuerySet[Job]:
        """The jobs that match now, in no order."""
        rows: QuerySet[Job] = STATES[self.state].narrow(Job.objects.all())
        for name, lookup in LOOKUPS.items():
            value = getattr(self, name)
            if value is not None:
                rows = rows.filter(**{lookup: value})
        return rows if self.fingerprint is None else of_cause(rows, self.fingerprint, self.state)

    def sentence(self) -> str:
        """The selection in words; things are named by their ids."""
        parts = [
            f"{words} {_shown(value)}"
            for name, words in _WORDS.items()
            if (value := getattr(self, name)) is not None
        ]
        return ", ".join([STATES[self.state].sentence, *parts])


_UNSUCCEEDED = (FAILED, CLAIMABLE, [JobState.RUNNING], [JobState.CANCELLED])
NAMES: tuple[str, ...] = tuple(field.name for field in fields(Selection))
LOOKUPS = {
    "kind": "kind",
    "queue": "queue",
    "release": "claimed_release",
    "payload_version": "payload_version",
    "organisation": "organisation_id",
    "submitter": "submitter_id",
    "failed_after": "finished_at__gte",
    "failed_before": "finished_at__lt",
    "last_actor": "last_actor",
}
_WORDS = {
    "kind": "of kind",
    "queue": "in queue",
    "fingerprint": "with cause",
    "release": "last tried by release",
    "payload_version": "with payload of format",
    "organisation": "of organisation",
    "submitter": "of submitter",
    "failed_after": "ended since",
    "failed_before": "ended before",
    "last_actor": "last touched by account",
}


def of_cause(rows: _Rows, fingerprint: str, state: str) -> _Rows:
    """Those of the jobs, chosen by `state` already, whose last failure has the fingerprint."""
    if state != "all":
        return rows.filter(fingerprint=fingerprint)
    # None that succeeded has one. An arm for each small index: asked for all states at once, the whole table would be read.
    arms = [Q(state__in=states, fingerprint=fingerprint) for states in _UNSUCCEEDED]
    return rows.filter(reduce(or_, arms))


def _read(name: str, text: str) -> Any:  # noqa: ANN401 - each field has its type
    reader = _READERS.get(name)
    if reader is None:
        raise SelectionError(name, "is no filter of jobs.")
    return reader(name, text)


def _state(name: str, text: str) -> str:
    if text not in STATES:
        raise SelectionError(name, f"is one of {', '.join(STATES)}.")
    return text


def _word(name: str, text: str) -> str:
    if not WORD.fullmatch(text):
        raise SelectionError(name, "is a word of letters, digits, '.', '_', '+' and '-', at most 64 long.")
    return text


def _number(limit: int) -> Callable[[str, str], int]:
    def read(name: str, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) <= limit:
            raise SelectionError(name, f"is a whole number from 1 to {limit:,}.")
        return int(text)

    return read


def _identifier(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise SelectionError(name, "is a UUID.") from None


def _moment(name: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise SelectionError(
            name, "is a time such as 2026-03-10T12:00+01:00; without a zone it is UTC."
        ) from None


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "state": _state,
    "kind": _word,
    "queue": _word,
    "fingerprint": _word,
    "release": _word,
    "payload_version": _number(32_767),
    "organisation": _identifier,
    "submitter": _identifier,
    "failed_after": _moment,
    "failed_before": _moment,
    "last_actor": _number(2**31 - 1),
}


def _start_of(span: str) -> datetime:
    if span not in SPANS:
        raise SelectionError(WITHIN, f"is one of {', '.join(SPANS)}.")
    return timezone.now() - SPANS[span][1]


def _is_empty(selection: Selection) -> bool:
    after, before = selection.failed_after, selection.failed_before
    return after is not None and before is not None and before <= after


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _shown(value: object) -> str:
    return f"{value:%-d %b %Y, %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)
