"""What a telephone shows of a page, as a person sees it: where things lie, and what lies over what."""

from typing import Any

from playwright.sync_api import Locator, Page

WIDTH = 390
# Pixels that two letters may be drawn into each other without anybody seeing it.
_TOLERATED = 1.0

Box = dict[str, float]


def on_a_telephone(page: Page) -> None:
    """Make the window as wide as one."""
    page.set_viewport_size({"width": WIDTH, "height": 844})


def boxes(found: Locator) -> list[Box]:
    """Where the visible ones of these lie, in pixels of the window."""
    shown: list[Box] = found.evaluate_all(
        """all => all.filter(each => each.checkVisibility()).map(each => {
            const {left, top, right, bottom} = each.getBoundingClientRect()
            return {left, top, right, bottom}
        }).filter(box => box.right > box.left)"""
    )
    return shown


def overlapping(of: list[Box]) -> list[tuple[Box, Box]]:
    """The pairs that lie over each other."""
    return [(one, other) for n, one in enumerate(of) for other in of[:n] if lie_over_each_other(one, other)]


def lie_over_each_other(one: Box, other: Box) -> bool:
    """Whether there is a place that belongs to both."""
    wide = min(one["right"], other["right"]) - max(one["left"], other["left"])
    high = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return wide > _TOLERATED and high > _TOLERATED


def cut(region: Locator) -> list[Any]:
    """The cells of a region's table that are not on the screen as a whole, or are hidden behind a scroll bar."""
    found: list[Any] = region.locator("td").evaluate_all(
        """cells => cells.filter(each => {
            const box = each.getBoundingClientRect()
            return box.right > document.documentElement.clientWidth || each.scrollWidth > each.clientWidth + 1
                || each.closest(".ce-scroll").scrollWidth > each.closest(".ce-scroll").clientWidth + 1
        }).map(each => each.textContent)"""
    )
    return found
