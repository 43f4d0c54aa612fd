"""The times below a drawing: where each stands, and which of them a telephone has no room for."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from patients.admin.timeline.scale import Scale

# Half of a text, in per cent of the width of a drawing on a wide screen, and on a telephone.
_HALF, _HALF_NARROW = 4.0, 15.0


@dataclass(frozen=True, slots=True)
class Time:
    """A time of the axis: its place in per cent of the width, as text, and the classes of what is written there."""

    at: str
    text: str
    style: str


def times_of(scale: Scale, zone: ZoneInfo) -> Sequence[Time]:
    """The round times of the zone, the earliest first."""
    found: list[Time] = []
    # From the right, so that what was last is among those that a telephone shows.
    free = 100.0
    for tick in reversed(scale.ticks(zone)):
        style = ""
        if _is_cut(tick.at, _HALF_NARROW):
            # In the middle of its place, a text at the right edge would be cut.
            style = "ce-axis-edge" if _is_cut(tick.at, _HALF) else "ce-axis-near-edge"
        ends = tick.at if style else tick.at + _HALF_NARROW
        if ends > free:
            style = f"{style} ce-axis-spare".strip()
        else:
            free = ends - 2 * _HALF_NARROW
        found.append(Time(f"{tick.at:.2f}", tick.text, style))
    return found[::-1]


def _is_cut(place: float, half: float) -> bool:
    return place + half > 100.0  # noqa: PLR2004 - the right edge, in per cent
