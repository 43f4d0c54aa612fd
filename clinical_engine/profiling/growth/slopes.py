"""The slope of one series against another when the noise remembers: generalised least squares, averaged over kinds of noise.

The noise is a mixture of what is new at every point, what is larger where fewer calls were measured, and a wandering that forgets
in a month or in half a year. How much there is of each is not known: every mixture of a grid is weighted by its restricted
likelihood (Patterson and Thompson 1971), and by how far statements usually wander, so that one that wanders by itself is not taken
for one that follows its driver.
"""

from dataclasses import dataclass
from itertools import product
from math import erfc, log1p, sqrt

import numpy as np

from clinical_engine.profiling.growth.points import Figures

_WANDERINGS = ((30.0, 0.0), *product((30.0, 150.0), (0.5, 2.0, 8.0)), (150.0, 32.0))
"""Days until it forgets, and its variance against that of a point."""
_ALIKE = (0.02, 0.3, 1.0)
"""Of a point's variance, the share that does not depend on its calls."""
USUALLY = 0.1
"""How far statements wander: of the logarithm, so about as many hundredths."""
# Nothing is known better than to a third of a percent.
FINEST = 0.003


@dataclass(frozen=True)
class Slope:
    """The slope with its standard error, the chance that there is none (or a fall), and how well it explains the series."""

    value: float
    error: float
    chance: float
    likelihood: float


class Noises:
    """The mixtures of noise that points at those times, of so many calls, may have."""

    def __init__(self, times: Figures, calls: Figures) -> None:
        apart = np.abs(np.subtract.outer(times, times))
        by_calls = (1 / calls) / np.mean(1 / calls)
        self.sizes = np.array([size for (_, size), _ in product(_WANDERINGS, _ALIKE)])
        mixtures = np.array(
            [
                np.diag(alike + (1 - alike) * by_calls) + size * np.exp(-apart / memory)
                for (memory, size), alike in product(_WANDERINGS, _ALIKE)
            ]
        )
        roots = np.linalg.cholesky(mixtures)
        self.whitening = np.linalg.inv(roots)
        self.log_widths = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)

    def slopes(self, series: Figures, against: Figures, beside: Figures) -> list[Slope]:
        """The slope of the series against each column, beside the columns that are there anyway.

        No column of `against` may be constant.
        """
        free = len(series) - beside.shape[1] - 1
        white = self.whitening @ np.column_stack([beside, against, series])
        basis, upper = np.linalg.qr(white[:, :, : beside.shape[1]])
        rest = white[:, :, beside.shape[1] :]
        rest = rest - basis @ (basis.transpose(0, 2, 1) @ rest)
        columns, last = rest[:, :, :-1], rest[:, :, -1]
        squares = np.maximum((columns**2).sum(axis=1), 1e-12)
        products = np.einsum("gnd,gn->gd", columns, last)
        left = np.maximum((last**2).sum(axis=1)[:, None] - products**2 / squares, 0.0) + free * FINEST**2
        likelihoods = (
            -self.log_widths[:, None]
            - np.log(np.abs(np.diagonal(upper, axis1=1, axis2=2))).sum(axis=1)[:, None]
            - 0.5
            * np.log(squares / against.var(axis=0))  # in units of its own, so that drivers can be compared
            - 0.5 * free * np.log(left)
            - 0.5 * self.sizes[:, None] * left / free / USUALLY**2
        )
        values, errors = products / squares, np.sqrt(left / free / squares)
        return [
            _averaged(values[:, column], errors[:, column], likelihoods[:, column], free)
            for column in range(against.shape[1])
        ]


def _averaged(values: Figures, errors: Figures, likelihoods: Figures, free: int) -> Slope:
    most = likelihoods.max()
    weights = np.exp(likelihoods - most)
    total = weights.sum()
    weights /= total
    value = float(weights @ values)
    spread = errors**2 * (free / max(free - 2, 1)) + (values - value) ** 2
    chances = np.array([_upper_tail(t, free) for t in (values / errors).tolist()])
    return Slope(value, sqrt(float(weights @ spread)), float(weights @ chances), float(most + np.log(total)))


def _upper_tail(t: float, free: int) -> float:
    """Of Student's distribution, by the normal one (Wallace 1959); to a few percent, which a threshold does not notice."""
    normal = (8 * free + 1) / (8 * free + 3) * sqrt(free * log1p(t * t / free))
    return 0.5 * erfc((normal if t > 0 else -normal) / sqrt(2))
