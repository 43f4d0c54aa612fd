"""What a search of Observations asks for."""

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict

from clinical_engine.api.pagination import MAX_PAGE_SIZE, PAGE_SIZE
from clinical_engine.api.parameters import TAKEN_ONCE, TWICE, unknown_parameters
from clinical_engine.common.errors import Refusal, RefusedError

CURSOR = "_cursor"
_MOST_VALUES = 50
_PATIENT = re.compile(r"(?:Patient/)?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
_DATE = re.compile(
    r"(eq|ge|gt|le|lt)?(\d{4})(?:-(\d{2})(?:-(\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2}))?)?)?"
)
_FORMATS = frozenset(("json", "application/json", "application/fhir+json"))
_ORDER = "-date"
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Period:
    """The half-open period that a date stands for by its precision, and how a time is to lie to it."""

    prefix: str
    begin: datetime
    end: datetime

    def as_q(self, time_field: str) -> Q:
        """The condition on a row's time."""
        conditions = {
            "eq": {"gte": self.begin, "lt": self.end},
            "ge": {"gte": self.begin},
            "gt": {"gte": self.end},
            "le": {"lt": self.end},
            "lt": {"lt": self.begin},
        }
        return Q(**{f"{time_field}__{lookup}": time for lookup, time in conditions[self.prefix].items()})


@dataclass(frozen=True, slots=True)
class Token:
    """A code, of a system when one is named."""

    system: str | None
    code: str


@dataclass(frozen=True, slots=True)
class Search:
    """The Observations of one patient: of any of the codes where there are some, in all of the periods."""

    patient_id: UUID
    codes: tuple[Token, ...]
    periods: tuple[Period, ...]
    count: int
    after: UUID | None

    def as_q(self, time_field: str) -> Q:
        """The condition on rows whose time has that name, but for the cursor."""
        condition = Q(patient_id=self.patient_id)
        if self.codes:
            any_code = Q()
            for token in self.codes:
                of_system = Q() if token.system is None else Q(code__system=token.system)
                any_code |= Q(code__code=token.code) & of_system
            condition &= any_code
        for period in self.periods:
            condition &= period.as_q(time_field)
        return condition


def search_of(query: QueryDict) -> Search:
    """The search that a query string asks for. Raises RefusedError, which names each parameter that cannot be understood.

    A parameter that is not known is refused: passed over, it would show rows that were not asked for.
    """
    asked = _Asked(query)
    search = Search(
        patient_id=asked.required("patient", _patient, UUID(int=0)),
        codes=asked.once("code", _tokens, ()),
        periods=tuple(
            period for text in query.getlist("date") if (period := asked.read("date", text, _period, None))
        ),
        count=asked.once("_count", _count, PAGE_SIZE),
        after=asked.once(CURSOR, UUID, None),
    )
    asked.once("_sort", _one_of(frozenset((_ORDER,))), None)
    asked.once("_format", _one_of(_FORMATS), None)
    asked.check()
    return search


class _Asked:
    """The parameters, and what cannot be understood of them."""

    def __init__(self, query: QueryDict) -> None:
        self._query = query
        self._refusals = [*unknown_parameters(query, _HELP.keys())]

    def read(self, name: str, text: str, read: Callable[[str], Value], otherwise: Value) -> Value:
        """What the text means; `otherwise` when it cannot be understood."""
        try:
            return read(text)
        except (ValueError, OverflowError):
            self._refusals.append(Refusal(name, "invalid", _HELP[name]))
            return otherwise

    def once(self, name: str, read: Callable[[str], Value], otherwise: Value) -> Value:
        """What a parameter means that comes once at most; `otherwise` without it."""
        texts = self._query.getlist(name)
        if len(texts) > 1:
            self._refusals.append(Refusal(name, TWICE, TAKEN_ONCE))
        return self.read(name, texts[0], read, otherwise) if texts else otherwise

    def required(self, name: str, read: Callable[[str], Value], otherwise: Value) -> Value:
        """The same of one that has to be there."""
        if name not in self._query:
            self._refusals.append(Refusal(name, "missing", f"Is required. {_HELP[name]}"))
        return self.once(name, read, otherwise)

    def check(self) -> None:
        """Raise RefusedError when anything could not be understood."""
        if self._refusals:
            raise RefusedError(*self._refusals)


_HELP: Mapping[str, str] = {
    "patient": "Must be a patient's id here, or Patient/ and the id.",
    "code": f"Must be codes, each as code or system|code, at most {_MOST_VALUES} with commas between.",
    "date": "Must be a date, or a time with an offset, behind eq, ge, gt, le, lt or nothing.",
    "_count": "Must be a number above 0.",
    "_sort": f"Must be {_ORDER}, the order there is.",
    "_format": f"Must be one of {', '.join(sorted(_FORMATS))}.",
    CURSOR: "Must be the one from the link to the next page.",
}


def _patient(text: str) -> UUID:
    found = _PATIENT.fullmatch(text)
    if not found:
        raise ValueError
    return UUID(found[1])


def _tokens(text: str) -> tuple[Token, ...]:
    parts = text.split(",")
    if len(parts) > _MOST_VALUES:
        raise ValueError
    return tuple(_token(part) for part in parts)


def _token(text: str) -> Token:
    system, separator, code = text.rpartition("|")
    if not code or "\x00" in text:
        raise ValueError
    return Token(system if separator else None, code)


def _period(text: str) -> Period | None:
    found = _DATE.fullmatch(text)
    if not found:
        raise ValueError
    prefix, year, month, day, time = found.groups()
    if time is None:
        return Period(prefix or "eq", *_days(int(year), int(month or 0), int(day or 0)))
    # A time without seconds is none of Python's.
    begin = datetime.fromisoformat(f"{year}-{month}-{day}{time}")
    precision = timedelta(minutes=1) if time.count(":") < 2 + (time[-1] != "Z") else timedelta(seconds=1)
    return Period(
        prefix or "eq", begin, _after(begin, timedelta(microseconds=1) if "." in time else precision)
    )


def _days(year: int, month: int, day: int) -> tuple[datetime, datetime]:
    begin = datetime(year, month or 1, day or 1, tzinfo=UTC)
    days_of_month = monthrange(year, month or 1)[1]
    days = 1 if day else days_of_month if month else 365 + isleap(year)
    return begin, _after(begin, timedelta(days=days))


def _after(begin: datetime, length: timedelta) -> datetime:
    # 9999-12-31 is what many systems write for 'without an end'.
    try:
        return begin + length
    except OverflowError:
        return datetime.max.replace(tzinfo=begin.tzinfo)


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if not number:
        raise ValueError
    # A server may give fewer than were asked for (FHIR R4, search, page count).
    return min(number, MAX_PAGE_SIZE)


def _one_of(values: frozenset[str]) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        if text not in values:
            raise ValueError
        return text

    return read
