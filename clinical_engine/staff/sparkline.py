"""A trend line that fits into a cell of a table."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

_STEP = 3
_HEIGHT = 28
_BASE = 1


def sparkline(values: Sequence[int]) -> SafeString:
    """A line through the values, the oldest at the left, scaled to the highest of them.

    A picture only: whoever shows it says the same in words beside it, for those who do not see it.
    """
    highest = max(values, default=0)
    points = [(count * _STEP, _above(value, highest)) for count, value in enumerate(values)]
    width = max(len(values) - 1, 1) * _STEP
    line = " ".join(f"{x},{y:.1f}" for x, y in points)
    return format_html(
        '<svg class="ce-trend" width="{}" height="{}" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">'
        '<polygon class="ce-trend-area" points="0,{} {} {},{}"/><polyline class="ce-trend-line" points="{}"/></svg>',
        *(width, _HEIGHT, width, _HEIGHT, _HEIGHT - _BASE, line, width, _HEIGHT - _BASE, line),
    )


def _above(value: int, highest: int) -> float:
    usable = _HEIGHT - 2 * _BASE
    return _HEIGHT - _BASE - (usable * value / highest if highest else 0)
