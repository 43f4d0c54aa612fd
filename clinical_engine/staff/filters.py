"""Filters of lists, declared by what they let through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

Rows = QuerySet[Any]


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

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The choices, for Django."""
        del request, model_admin
        return [(value, choice.title) for value, choice in self.choices_by_value.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The rows that the chosen value lets through; all of them for a value that is no choice."""
        del request
        choice = self.choices_by_value.get(self.value() or "")
        return queryset if choice is None else choice.narrow(queryset)
