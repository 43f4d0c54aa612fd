"""Filters of lists, declared by what they let through. A value that is none of a filter's choices is refused.

Otherwise the list would be shown whole, or empty, and look as if the filter had applied.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)

Rows = QuerySet[Any]
# By how much a row may be older than the time that it tells: clocks differ.
_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a filter: its title, and the rows that it lets through."""

    title: str
    narrow: Callable[[Rows], Rows]


class ChoiceFilter(DropdownFilter):  # type: ignore[misc]  # the package has no types
    """A filter with a fixed set of choices, by the value that stands in the address."""

    title: str
    parameter_name: str
    choices_by_value: ClassVar[Mapping[str, Choice]] = {}

    def __init__(self, *args: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args)
        _refuse_unknown(self.value(), [value for value, _ in self.lookup_choices])

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The choices, for Django."""
        del request, model_admin
        return [(value, choice.title) for value, choice in self.choices_by_value.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The rows that the chosen value lets through."""
        del request
        return self.narrow(queryset, self.value()) if self.value() else queryset

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The rows that one of the choices lets through."""
        return self.choices_by_value[value].narrow(rows)


class RelatedFilter(RelatedDropdownFilter):  # type: ignore[misc]  # as above
    """A filter by the row that a foreign key names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args, **kwargs)
        _refuse_unknown(self.value(), [key for key, _ in self.lookup_choices])


class ValueFilter(ChoicesDropdownFilter):  # type: ignore[misc]  # as above
    """A filter by a column with fixed choices; an address may name the column alone, too."""

    def __init__(
        self,
        field: "Field[Any, Any]",
        request: HttpRequest,
        params: dict[str, list[str]],
        *args: Any,  # noqa: ANN401 - Django's signature
        **kwargs: Any,  # noqa: ANN401 - as above
    ) -> None:
        # Django would look for a value that the column cannot have, and show an empty list.
        if field.name in params:
            params.setdefault(f"{field.name}__exact", params.pop(field.name))
        super().__init__(field, request, params, *args, **kwargs)
        _refuse_unknown(self.value(), [key for key, _ in self.field.flatchoices])


class YesNoFilter(BooleanRadioFilter):  # type: ignore[misc]  # as above
    """A filter by a column that is true or false."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args, **kwargs)
        _refuse_unknown(self.value(), ["0", "1"])


def since(column: str) -> Mapping[str, Choice]:
    """Choices by how long ago a time is: for a column with the time of what the row is about, none in the future.

    The keys are UUIDv7, so a row about the last days has a key of the last days: the primary key's index finds them.
    """
    spans = {"day": ("Last 24 hours", 1), "week": ("Last 7 days", 7), "month": ("Last 30 days", 30)}
    return {name: _since(title, column, timedelta(days=days)) for name, (title, days) in spans.items()}


def _since(title: str, column: str, span: timedelta) -> Choice:
    def narrow(rows: Rows) -> Rows:
        start = timezone.now() - span
        return rows.filter(**{f"{column}__gte": start, "pk__gte": _first_key(start - _SKEW)})

    return Choice(title, narrow)


def _first_key(time: datetime) -> UUID:
    # RFC 9562, section 5.7: the first 48 bits are the milliseconds since 1970.
    return UUID(int=int(time.timestamp() * 1000) << 80)


def _refuse_unknown(value: str | None, known: Collection[object]) -> None:
    if value and value not in {str(key) for key in known}:
        raise IncorrectLookupParameters
