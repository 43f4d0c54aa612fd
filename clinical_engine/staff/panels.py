"""Panels on the page of one thing. Higher apps show their part of it here; the page's own app imports none of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

TABLE = "admin/staff/table.html"
# The same, whose rows become cards where the screen is narrow.
CARDS = "admin/staff/cards.html"


class Permitted(Protocol):
    """Who asks."""

    def has_perm(self, perm: str) -> bool:
        """Whether they have the permission."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A titled part of a page: what `template` makes of the context that `context` gives for the page's object.

    Shown to who has `permission` on the things that it `applies` to, in the order of `position`. `context` runs a constant
    number of queries.
    """

    title: str
    permission: str
    context: Callable[[Any], Mapping[str, object]]
    template: str = TABLE
    position: int = 50
    applies: Callable[[Any], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """A panel with its context, ready to be rendered."""

    title: str
    template: str
    context: Mapping[str, object]


_panels: dict[str, list[Panel]] = defaultdict(list)


def register(model: str, *panels: Panel) -> None:
    """Show panels on the pages of `model`, named as 'patients.patient'."""
    _panels[model].extend(panels)
    _panels[model].sort(key=lambda panel: panel.position)


def shown_on(model: str, thing: object, user: Permitted) -> list[ShownPanel]:
    """The panels that the user may see on the page of a thing."""
    return [
        ShownPanel(panel.title, panel.template, panel.context(thing))
        for panel in _panels[model]
        if user.has_perm(panel.permission) and panel.applies(thing)
    ]


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    empty: str,
    more: tuple[str, str] | None = None,
) -> dict[str, object]:
    """The context of a panel that is a table. `empty` stands where there are no rows, `more` is (address, text) of a link."""
    return {"headers": headers, "rows": list(rows), "empty": empty, "more": more}
