"""A chart of cost against what drives it that fits into a cell of a table."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

_WIDTH, _HEIGHT = 96, 30
_EDGE = 3
_LEAST = 2


def small_curve(points: Sequence[Sequence[float]]) -> SafeString | str:
    """Dots for pairs of driver and cost, the last of them marked; both axes begin at nothing. '' for less than two.

    A picture only: whoever shows it says the same in words beside it, for those who do not see it.
    """
    if len(points) < _LEAST:
        return ""
    most = [max(*(pair[axis] for pair in points), 1e-9) for axis in (0, 1)]
    places = [
        (
            f"{_EDGE + driver / most[0] * (_WIDTH - 2 * _EDGE):.1f}",
            f"{_HEIGHT - _EDGE - cost / most[1] * (_HEIGHT - 2 * _EDGE):.1f}",
        )
        for driver, cost in points
    ]
    path = " ".join(f"M{x} {y}h0" for x, y in places)
    last_x, last_y = places[-1]
    return format_html(
        '<svg class="ce-curve" width="{}" height="{}" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">'
        '<path class="ce-curve-axes" d="M1 1V{}H{}"/><path class="ce-curve-points" d="{}"/>'
        '<circle class="ce-curve-last" cx="{}" cy="{}" r="2.5"/></svg>',
        *(_WIDTH, _HEIGHT, _WIDTH, _HEIGHT, _HEIGHT - 1, _WIDTH - 1, path, last_x, last_y),
    )
