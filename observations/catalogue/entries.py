"""One code of the catalogue as those see it who check and read measurements."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal

from observations.engine.limits import NUMBER_LIMIT

# As many digits as a double holds. A third of a degree would have no end otherwise.
_ROUNDED = Context(prec=15)
_EXACT = Context(prec=60)
# 10 to the power of the first is below the limit of scripts; no reading has more decimals than the last says.
_MAGNITUDES = range(len(str(NUMBER_LIMIT)) - 2, -31, -1)


def is_within_limit(number: Decimal) -> bool:
    """Whether scripts can compute with a finite number: they read it as a double, which may be larger than it."""
    return -NUMBER_LIMIT < float(number) < NUMBER_LIMIT


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a quantity is brought to the canonical unit: `(sent + shift) * numerator / denominator`."""

    shift: Decimal
    numerator: Decimal
    denominator: Decimal

    def __call__(self, sent: Decimal) -> Decimal:
        """The quantity in the canonical unit, to 15 digits."""
        raised = _EXACT.multiply(_EXACT.add(sent, self.shift), self.numerator)
        return _ROUNDED.divide(raised, self.denominator)

    def back(self, canonical: Decimal) -> Decimal:
        """The quantity in this unit, to 15 digits."""
        lowered = _ROUNDED.divide(_EXACT.multiply(canonical, self.denominator), self.numerator)
        return _ROUNDED.subtract(lowered, self.shift)


@dataclass(frozen=True, slots=True)
class Part:
    """A value that a composed reading has."""

    code: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One code. `units` maps each unit to its conversion, None for the canonical one, which comes first."""

    id: int
    code: str
    system: str
    display: str
    kind: str
    is_computed: bool
    units: Mapping[str, Conversion | None]
    plausible_low: Decimal | None
    plausible_high: Decimal | None
    answers: Mapping[str, str]
    """The name of each answer by its code. Empty: any answer is taken."""
    parts: Mapping[str, Part]
    scores: Mapping[str, float] = field(default_factory=dict)
    """What an answer counts in a score, by its code; those that count."""
    molar_mass: Decimal | None = None
    safe_digits: int = field(init=False)
    """A number below 10 to this power in size is within the limit of scripts, in whichever unit it is sent."""

    def __post_init__(self) -> None:
        """Work out once, for all readings, which of them need no look at what they become."""
        conversions = [conversion for conversion in self.units.values() if conversion is not None]
        object.__setattr__(self, "safe_digits", _safe_digits(conversions))

    @property
    def canonical_unit(self) -> str | None:
        """The unit in which its quantities are compared; None for what is no quantity."""
        return next(iter(self.units), None)

    def is_implausible(self, canonical: Decimal) -> bool:
        """Whether a quantity in the canonical unit lies outside the plausible range."""
        low, high = self.plausible_low, self.plausible_high
        return (low is not None and canonical < low) or (high is not None and canonical > high)


def _safe_digits(conversions: Collection[Conversion]) -> int:
    for digits in _MAGNITUDES:
        largest = Decimal(1).scaleb(digits)
        if all(is_within_limit(convert(sent)) for convert in conversions for sent in (largest, -largest)):
            return digits
    return _MAGNITUDES.stop
