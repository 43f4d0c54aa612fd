"""What UCUM says of a unit, and how a quantity is brought from one to another. By ucumvert and pint, loaded when first asked."""

from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from math import isclose
from typing import Any

from observations.catalogue.entries import Conversion

MAX_LENGTH = 32
# The registry works with doubles; factors that people defined have far fewer digits.
_LARGEST_DENOMINATOR = 10**6
_PROBES = (1.0, 37.0, 250.0)
_IDENTITY = Conversion(Decimal(0), Decimal(1), Decimal(1))


class UnitError(Exception):
    """A quantity in the one unit cannot be brought to the other."""


class UnknownUnitError(UnitError):
    """UCUM has no such unit."""


class OtherDimensionError(UnitError):
    """The two units measure different things."""


def conversion(unit: str, canonical: str, molar_mass: Decimal | None = None) -> Conversion:
    """How a quantity in `unit` is brought to `canonical`, both UCUM.

    Mass becomes amount of substance and the reverse by the molar mass in g/mol, where one is given. Raises UnknownUnitError,
    OtherDimensionError, and UnitError where the one is not a linear function of the other.
    """
    sent, wanted = _parsed(unit), _parsed(canonical)
    if unit == canonical:
        return _IDENTITY
    factors = [None]
    if molar_mass is not None:
        per_mole = _registry().Quantity(float(molar_mass), "g/mol")
        factors += [1 / per_mole, per_mole]
    for factor in factors:
        if _can(sent, wanted, factor):
            return _linear(unit, canonical, [_converted(sent, wanted, factor, at) for at in (0.0, *_PROBES)])
    raise OtherDimensionError(f"{unit} cannot be brought to {canonical}.")


def is_known(unit: str) -> bool:
    """Whether UCUM has the unit."""
    try:
        _parsed(unit)
    except UnknownUnitError:
        return False
    return True


def is_comparable(unit: str, canonical: str) -> bool:
    """Whether both measure the same thing, so that some factor leads from one to the other."""
    try:
        conversion(unit, canonical)
    except UnitError:
        return False
    return True


@cache
def _registry() -> Any:  # noqa: ANN401 - pint makes its types at run time
    # Half a second, which a process that only meets units of the catalogue is spared.
    from ucumvert import PintUcumRegistry  # noqa: PLC0415

    return PintUcumRegistry()


@lru_cache(maxsize=1024)
def _parsed(unit: str) -> Any:  # noqa: ANN401 - pint makes its types at run time
    from lark.exceptions import LarkError  # noqa: PLC0415 - as above

    if len(unit) > MAX_LENGTH:
        raise UnknownUnitError(f"A unit has at most {MAX_LENGTH} characters.")
    try:
        parsed = _registry().from_ucum(unit)
    except LarkError:
        raise UnknownUnitError("UCUM has no such unit.") from None
    # What stands in braces alone is a count of something, which UCUM takes for the number one.
    if not hasattr(parsed, "dimensionality"):
        return _registry().Quantity(1)
    return _registry().Quantity(parsed.magnitude, str(parsed.units))


def _can(sent: Any, wanted: Any, factor: Any) -> bool:  # noqa: ANN401
    # A unit that a procedure defines is comparable with nothing but itself (UCUM, section 3.2); pint takes it for a number.
    if any("international_unit" in str(one.units) for one in (sent, wanted)):
        return False
    units = sent.units if factor is None else sent.units * factor.units
    return bool(units.dimensionality == wanted.units.dimensionality)


def _converted(sent: Any, wanted: Any, factor: Any, value: float) -> float:  # noqa: ANN401
    of_sent = _registry().Quantity(value * sent.magnitude, sent.units)
    if factor is not None:
        of_sent = of_sent * factor
    return float(of_sent.to(wanted.units).magnitude / wanted.magnitude)


def _linear(unit: str, canonical: str, values: list[float]) -> Conversion:
    at_zero, at_one, *others = values
    slope = _simplest(at_one - at_zero)
    if slope == 0:
        raise UnitError(f"{unit} is too small or too large a unit to be brought to {canonical}.")
    shift = _simplest(at_zero / float(slope))
    found = Conversion(_decimal(shift), _decimal(slope.numerator), _decimal(slope.denominator))
    for probe, value in zip(_PROBES, [at_one, *others], strict=True):
        if not isclose(float(found(Decimal(probe))), value, rel_tol=1e-9):
            raise UnitError(f"{unit} cannot be brought to {canonical} by a factor.")
    return found


def _simplest(value: float) -> Fraction:
    """The number that somebody must have written where the registry, which works with doubles, came to this value."""
    for candidate in (Fraction(f"{value:.11g}"), Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)):
        if isclose(float(candidate), value, rel_tol=1e-13, abs_tol=1e-13):
            return candidate
    return Fraction(f"{value:.15g}")


def _decimal(number: Fraction | int) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)
