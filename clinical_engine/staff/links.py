"""From an opaque id to the page of what it names. Domain apps say how; the platform knows none of them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from clinical_engine.staff.cells import NOTHING, identifier, page_of
from clinical_engine.staff.panels import Permitted

Names = Callable[[Collection[Any]], Mapping[Any, str]]
Find = Callable[[str], Sequence[Any]]
_ATTRIBUTE = "staff_links"


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of thing that ids name: its page, who may see it, and its names (one query for any number of ids).

    Kinds may share one `names`, which then gives those of all of them.

    `find` gives the ids of what has a name, so that who knows the name finds rows that have the id only.
    """

    view: str
    permission: str
    names: Names | None = None
    find: Find | None = None


_targets: dict[str, Target] = {}


def register(kind: str, target: Target) -> None:
    """Make a kind of thing known, by the name that ids of it go under. Raises ValueError when the name is taken."""
    if kind in _targets:
        raise ValueError(f"The link target {kind} is registered twice.")
    _targets[kind] = target


def attach(user: Permitted, rows: Sequence[object], fields: Mapping[str, str]) -> None:
    """Have `shown(row, field)` give a link for each field of `fields` (field: kind), whatever the number of rows.

    One query per kind, or for kinds that have their names from the same place. Who may not see the thing gets its id without a
    name or a link.
    """
    known = {
        field: target
        for field, kind in fields.items()
        if (target := _targets.get(kind)) is not None and user.has_perm(target.permission)
    }
    names = _names(rows, known)
    for row in rows:
        values = {field: getattr(row, field) for field in fields}
        cells = {field: _cell(known.get(field), value, names.get(value)) for field, value in values.items()}
        setattr(row, _ATTRIBUTE, cells)


def attach_named(user: Permitted, rows: Sequence[object], *, kind: str, key: str) -> None:
    """As `attach`, for rows that each name their target's kind (in field `kind`) and id (in field `key`); no query."""
    for row in rows:
        target = _targets.get(getattr(row, kind))
        known = target if target is not None and user.has_perm(target.permission) else None
        setattr(row, _ATTRIBUTE, {key: _cell(known, getattr(row, key), None)})


def names_of(user: Permitted, kind: str, ids: Collection[Any]) -> Mapping[Any, str]:
    """The names of the things of a kind, one query; none for who may not see such things."""
    target = _targets.get(kind)
    may_see = target is not None and user.has_perm(target.permission)
    return target.names(ids) if target and target.names and may_see and ids else {}


def found(user: Permitted, kind: str, name: str) -> Sequence[Any]:
    """The ids of the things of a kind that have this name; none for who may not see such things."""
    target = _targets.get(kind)
    may_see = target is not None and user.has_perm(target.permission)
    return target.find(name) if target and target.find and may_see else []


def _names(rows: Sequence[object], targets: Mapping[str, Target]) -> Mapping[Any, str]:
    asked: dict[Names, set[Any]] = defaultdict(set)
    for field, target in targets.items():
        if target.names is not None:
            asked[target.names] |= {getattr(row, field) for row in rows} - {None}
    return {key: name for names, ids in asked.items() if ids for key, name in names(ids).items()}


def shown(row: object, field: str) -> SafeString | str:
    """The cell that was attached to a row."""
    cell: SafeString | str = getattr(row, _ATTRIBUTE)[field]
    return cell


def _cell(target: Target | None, value: object, name: str | None) -> SafeString | str:
    if value is None:
        return NOTHING
    text = identifier(value) if name is None else name
    return identifier(value) if target is None else page_of(target.view, value, text)
