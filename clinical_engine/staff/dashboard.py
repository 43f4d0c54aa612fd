"""The front page: missing work as numbers that lead to the lists behind them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from clinical_engine.monitoring.probes import Probe, Reading, read_all
from clinical_engine.staff.cells import length, list_url
from clinical_engine.staff.panels import Permitted

# Probes stop counting here.
_COUNT_LIMIT = 10_000


def as_count(value: float) -> str:
    """A count; one that reached the probes' limit says so."""
    return f"{value:,.0f}" if value < _COUNT_LIMIT else f"{_COUNT_LIMIT:,} or more"


def as_age(value: float) -> str:
    """Seconds since something happened."""
    return f"{length(timedelta(seconds=value))} ago"


@dataclass(frozen=True, slots=True)
class Tile:
    """How a probe appears on the front page: its title, what it means while it is fine, and the list behind the number.

    `view` is the list's URL name, `filters` what is set on it, `permission` who gets the link; unless it is `for_all`, nobody else
    sees the tile. `show` writes the value.
    """

    probe: str
    title: str
    meaning: str
    position: int
    view: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    permission: str = ""
    for_all: bool = True
    show: Callable[[float], str] = as_count


@dataclass(frozen=True, slots=True)
class Search:
    """A search field on the front page, for who has the permission: it opens the list `view`."""

    title: str
    hint: str
    view: str
    permission: str


@dataclass(frozen=True, slots=True)
class ShownTile:
    """A tile with its probe's reading."""

    title: str
    value: str
    ok: bool
    text: str
    url: str


_tiles: dict[str, Tile] = {
    "database_up": Tile("database_up", "Database", "PostgreSQL answers.", 70, show=lambda _: "up")
}
_searches: list[Search] = []


def register(*tiles: Tile) -> None:
    """Give probes their title and link. Raises ValueError when a probe has one already."""
    for tile in tiles:
        if tile.probe in _tiles:
            raise ValueError(f"The probe {tile.probe} has two tiles.")
        _tiles[tile.probe] = tile


def register_search(search: Search) -> None:
    """Put a search field on the front page."""
    _searches.append(search)


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Django-unfold's dashboard callback: the readings of probes, and one sentence about all of them."""
    tiles = _shown_tiles(read_all(), request.user)
    wrong = sum(not tile.ok for tile in tiles)
    context |= {
        "title": "Overview",
        "tiles": tiles,
        "all_well": not wrong,
        "verdict": _verdict(wrong),
        "searches": [
            {"title": search.title, "hint": search.hint, "url": reverse(search.view)}
            for search in _searches
            if request.user.has_perm(search.permission)
        ],
    }
    return context


def _verdict(wrong: int) -> str:
    if wrong == 0:
        return "All is well: no work is missing."
    return f"{wrong} {'number needs' if wrong == 1 else 'numbers need'} attention."


def _shown_tiles(readings: Mapping[Probe, Reading], user: Permitted) -> list[ShownTile]:
    """What needs attention first."""
    tiles = [(_tile_of(probe), reading) for probe, reading in readings.items()]
    tiles.sort(key=lambda pair: (pair[1].ok, pair[0].position))
    return [
        _shown(tile, reading, user)
        for tile, reading in tiles
        if tile.for_all or user.has_perm(tile.permission)
    ]


def _tile_of(probe: Probe) -> Tile:
    # A probe that nobody gave a tile is shown all the same: missing work must not depend on a title.
    return _tiles.get(
        probe.name, Tile(probe.name, probe.name.replace("_", " ").capitalize(), probe.description, 100)
    )


def _shown(tile: Tile, reading: Reading, user: Permitted) -> ShownTile:
    allowed = tile.view and user.has_perm(tile.permission)
    return ShownTile(
        title=tile.title,
        value="unknown" if reading.value is None else tile.show(reading.value),
        ok=reading.ok,
        text=reading.message or tile.meaning,
        url=list_url(tile.view, **tile.filters) if allowed else "",
    )
