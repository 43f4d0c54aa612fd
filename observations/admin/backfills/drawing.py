"""How the differences of one output are spread, as bars."""

from collections.abc import Sequence
from dataclasses import dataclass

from observations.backfill.comparing import OutputChanges
from observations.backfill.report import spread

_LOWEST_BAR = 2.0
# The rest is the gap to the next one.
_FILLED = 0.96


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; places and lengths are per cent of the drawing, as text."""

    x: str
    width: str
    y: str
    height: str
    words: str


@dataclass(frozen=True, slots=True)
class Spread:
    """All that a template draws of one output; `words` say the same to those who do not see it."""

    name: str
    words: str
    bars: Sequence[Bar]
    labels: Sequence[tuple[str, str, str]]
    """Place, text, and which part of the text stands at the place, as SVG says it."""
    transitions: Sequence[tuple[str, str]]


def drawn(name: str, changes: OutputChanges) -> Spread:
    """The changes of one output."""
    return Spread(
        name,
        ", ".join(filter(None, [_counted(changes), spread(changes)])),
        _bars(changes),
        _labels(changes),
        [(transition, f"{number:,}") for transition, number in changes.transitions.most_common()],
    )


def _counted(changes: OutputChanges) -> str:
    parts = [f"{changes.changed:,} changed"]
    parts += [f"{changes.appeared:,} without a value before"] if changes.appeared else []
    parts += [f"{changes.vanished:,} without a value now"] if changes.vanished else []
    return ", ".join(parts)


def _bars(changes: OutputChanges) -> list[Bar]:
    bins = changes.histogram.bins()
    highest = max((each.number for each in bins), default=0)
    width = 100 / len(bins) if bins else 0
    return [
        _bar(
            place * width,
            width,
            each.number / highest,
            f"{_signed(each.low)} to {_signed(each.high)}: {each.number:,}",
        )
        for place, each in enumerate(bins)
        if each.number
    ]


def _bar(x: float, width: float, share: float, words: str) -> Bar:
    height = max(share * 100, _LOWEST_BAR)
    width *= _FILLED
    # As texts: a template would write numbers as the reader's language does, and a drawing takes none but points.
    return Bar(f"{x:.3f}", f"{width:.3f}", f"{100 - height:.3f}", f"{height:.3f}", words)


def _labels(changes: OutputChanges) -> list[tuple[str, str, str]]:
    bins = changes.histogram.bins()
    if not bins:
        return []
    low, high = bins[0].low, bins[-1].high
    zero = -low / (high - low) * 100
    # At an edge zero is that edge's own label.
    inner = [(f"{zero:.3f}", "0", "middle")] if 0 < zero < 100 else []  # noqa: PLR2004 - per cent
    return [("0", _signed(low), "start"), *inner, ("100", _signed(high), "end")]


def _signed(bound: float) -> str:
    return f"{bound:+g}" if bound else "0"
