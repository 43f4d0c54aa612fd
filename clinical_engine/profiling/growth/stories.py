"""Growth against its absence: which of the two tells a series better, each with the steps at releases that suit it best.

A slope that is judged beside steps found before takes what is left of a staircase for growth. So for each mixture of noise both
stories find their own steps, each paying for itself, and what counts is by how much the better story of growth is likelier.
"""

from math import log, pi, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from clinical_engine.profiling.growth.fitting import SHAPES, Fitted, shaped
from clinical_engine.profiling.growth.points import DEVIATION, Figures, Points
from clinical_engine.profiling.growth.slopes import FINEST, USUALLY, Noises
from clinical_engine.profiling.growth.steps import places_of_steps

Places: TypeAlias = NDArray[np.intp]
Chosen: TypeAlias = NDArray[np.bool_]
_STEP = 6.0
_SECOND_HALF = 2.5
"""What a step must add to the logarithm of the likelihood; and one next to another, of a month in which a release came."""
_OWN = 0.02
"""Of the squares of a step, what others must leave for it to have a size. Half of a month leaves little."""
_MOST_ROUNDS = 16
_SOME = slice(None, None, 2)
"""Of the mixtures: every second one tells the same in half the time."""
_CLEAR = 3.5
"""Deviations of the leaps from one point to the next: a search that adds one step at a time finds no way up and down again."""
_LEAST = 0.05
_POWERS = ((1.1, 0.6), (2.1, 0.4))
"""A cost that is linear (or n log n) above a fixed part has powers up to the first, a square up to the second, all as likely."""


def odds_of_growth(fit: Fitted, points: Points, noises: Noises) -> float:
    """The logarithm of the odds that the measure grows with the driver of the fit, if both were as likely before."""
    series = points.measures[fit.measure]
    allowed = np.array(places_of_steps(points.releases), dtype=np.intp)
    steps = (np.arange(len(series))[:, None] >= allowed).astype(float)
    grown = np.column_stack([shaped(fit.against, power) for power in SHAPES])
    told = _Stories(noises, steps, grown - grown.mean(axis=0), series)
    told.find_steps(_clear_leaps(series, allowed))
    return told.odds()


def _clear_leaps(series: Figures, allowed: Places) -> Chosen:
    leaps = np.abs(np.diff(series))
    return np.asarray(leaps[allowed - 1] > max(_CLEAR * DEVIATION * float(np.median(leaps)), 2 * FINEST))


class _Stories:
    """For each mixture of noise, the story without growth and then one for each shape of it.

    A story is the products of its columns (steps, growth, series) with each other, of which some are swept out (Beaton 1964): the
    last entry is then the squares that are left.
    """

    def __init__(self, noises: Noises, steps: Figures, grown: Figures, series: Figures) -> None:
        self._free, self._count = len(series) - 1, steps.shape[1]
        white = noises.whitening[_SOME] @ np.column_stack([steps, grown, series, np.ones(len(series))])
        products = white.transpose(0, 2, 1) @ white
        level = products[:, :, -1:]
        self._plain = -noises.log_widths[_SOME] - 0.5 * np.log(level[:, -1, 0])
        products = (products - level * level.transpose(0, 2, 1) / level[:, -1:])[:, :-1, :-1]
        self._mixtures, self._shapes = len(products), grown.shape[1]
        of_growth = [0, *range(self._shapes)]
        columns = [[*range(self._count), self._count + shape, -1] for shape in of_growth]
        self._products = np.concatenate([products[:, chosen][:, :, chosen] for chosen in columns])
        self._sizes = np.tile(noises.sizes[_SOME], len(columns))
        self._lengths = self._diagonal(self._products).copy()
        self._chosen = np.zeros((len(self._products), self._count), dtype=bool)
        self._growing = np.arange(self._mixtures, len(self._products))
        self._sweep(self._growing, np.full(len(self._growing), self._count))

    def find_steps(self, begun_with: Chosen) -> None:
        """Choose steps, from those on: one is added or left out, whichever gains most, as long as anything does."""
        everywhere = np.arange(len(self._products))
        for place in np.flatnonzero(begun_with):
            sound = self._products[:, place, place] > _OWN * self._lengths[:, place]
            self._change(everywhere[sound], np.full(int(sound.sum()), place))
        searched = everywhere if self._count else everywhere[:0]
        for _ in range(_MOST_ROUNDS):
            gains = self._gains(searched)
            best = gains.argmax(axis=1) if len(searched) else searched
            better = gains[np.arange(len(searched)), best] > FINEST
            searched, best = searched[better], best[better]
            if not len(searched):
                return
            self._change(searched, best)

    def _gains(self, stories: Places) -> Figures:
        products, chosen = self._products[stories], self._chosen[stories]
        lengths = self._diagonal(products)
        sound = chosen | (lengths > _OWN * self._lengths[stories])
        away = products[:, : self._count, -1] ** 2 / np.where(sound, lengths, 1.0)
        left = self._left(products)[:, None]
        then = np.maximum(left + np.where(chosen, away, -away), self._free * FINEST**2)
        beside = np.zeros_like(chosen)
        beside[:, 1:] |= chosen[:, :-1]
        beside[:, :-1] |= chosen[:, 1:]
        price = np.where(beside, _SECOND_HALF, _STEP)
        gains = -0.5 * self._free * np.log(then / left) + np.where(chosen, price, -price)
        return np.where(sound, gains, -np.inf)

    def odds(self) -> float:
        """Of growth against none, averaged over the noise; as `odds_of_growth`."""
        left = self._left(self._products)
        variance = left / self._free
        first = self._chosen.copy()
        first[:, 1:] &= ~self._chosen[:, :-1]
        paid = _SECOND_HALF * self._chosen.sum(axis=1) + (_STEP - _SECOND_HALF) * first.sum(axis=1)
        likely = np.tile(self._plain, 1 + self._shapes) - 0.5 * self._free * np.log(left) - paid
        likely -= 0.5 * self._sizes * variance / USUALLY**2
        growing = self._products[self._growing]
        error = np.sqrt(variance[self._growing] * np.abs(growing[:, self._count, self._count]))
        grown = likely[self._growing] + _of_slope(growing[:, self._count, -1], error)
        return _summed(grown) - log(self._shapes) - _summed(likely[: self._mixtures])

    def _left(self, products: Figures) -> Figures:
        return np.asarray(np.maximum(products[:, -1, -1], 0.0) + self._free * FINEST**2)

    def _diagonal(self, products: Figures) -> Figures:
        return np.diagonal(products, axis1=1, axis2=2)[:, : self._count]

    def _change(self, stories: Places, places: Places) -> None:
        self._sweep(stories, places)
        self._chosen[stories, places] ^= True

    def _sweep(self, stories: Places, places: Places) -> None:
        """Take a column out of the others, or put it back."""
        products, each = self._products[stories], np.arange(len(stories))
        own = products[each, places, places][:, None]
        row, column = products[each, places] / own, products[each, :, places]
        products -= column[:, :, None] * row[:, None, :]
        products[each, places], products[each, :, places] = row, -column / own
        products[each, places, places] = 1 / own[:, 0]
        self._products[stories] = products


def _of_slope(slope: Figures, error: Figures) -> Figures:
    """The logarithm of the share of likelihood that is within the powers growth may have."""
    below = _normal((_LEAST - slope) / error)
    within = sum(
        share / (most - _LEAST) * (_normal((most - slope) / error) - below) for most, share in _POWERS
    )
    return np.asarray(np.log(sqrt(2 * pi) * error * np.maximum(within, 1e-300)))


def _normal(deviations: Figures) -> Figures:
    """The normal distribution (Page 1977), to a thousandth."""
    near = np.clip(deviations, -8, 8)
    return np.asarray(0.5 * (1 + np.tanh(sqrt(2 / pi) * (near + 0.044715 * near**3))))


def _summed(logarithms: Figures) -> float:
    most = logarithms.max()
    return float(most + np.log(np.exp(logarithms - most).sum()))
