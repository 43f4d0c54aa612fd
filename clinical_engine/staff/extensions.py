"""Columns and filters that higher apps add to a lower app's list."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet, Subquery
from django.db.models.expressions import Combinable

_Row = TypeVar("_Row", bound=Model)
Cell = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: an expression annotated under `name` once for the whole list, and how its value is shown.

    The expression is made for each request: one that was made at start would compare with the time of the start.
    """

    name: str
    title: str
    expression: Callable[[], Combinable | Subquery]
    show: Callable[[Any], object]


_columns: dict[str, list[tuple[Column, Cell]]] = defaultdict(list)
_filters: dict[str, list[type]] = defaultdict(list)


def add_columns(model: str, *columns: Column) -> None:
    """Add columns to the list of `model`, named as 'patients.patient'."""
    _columns[model].extend((column, _cell_of(column)) for column in columns)


def add_filters(model: str, *filters: type) -> None:
    """Add filters (classes as Django's `list_filter` takes them) to the list of `model`."""
    _filters[model].extend(filters)


def annotated(model: str, rows: QuerySet[_Row]) -> QuerySet[_Row]:
    """The rows with what the added columns show."""
    added: QuerySet[_Row] = rows.annotate(
        **{column.name: column.expression() for column, _ in _columns[model]}
    )
    return added


def cells_of(model: str) -> Sequence[Cell]:
    """The added columns as `list_display` takes them."""
    return [cell for _, cell in _columns[model]]


def filters_of(model: str) -> Sequence[type]:
    """The added filters."""
    return _filters[model]


def _cell_of(column: Column) -> Cell:
    def cell(row: object) -> object:
        return column.show(getattr(row, column.name))

    cell.__name__ = column.name
    cell.short_description = column.title  # type: ignore[attr-defined]
    return cell
