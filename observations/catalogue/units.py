"""What UCUM says of a unit, and how a quantity is brought from one to another. By ucumvert and pint, loaded when first asked."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache, wraps
from math import isclose
from threading import RLock
from time import monotonic
from typing import Any, TypeVar

from observations.catalogue.entries import Conversion

MAX_LENGTH = 32
# The registry works with doubles; numbers that people defined have fewer digits.
_DIGITS_OF_PEOPLE = 12
_LARGEST_DENOMINATOR = 10**5
_ENOUGH = 1e-13
_PROBES = (1.0, 37.0, 250.0)
_IDENTITY = Conversion(Decimal(0), Decimal(1), Decimal(1))
# 10*999999999 is UCUM, and would be worked out to the last of its digits while the sender's request waits.
_TOO_LARGE = re.compile(r"[^\d.,/({][+-]?\d{3}|\d{16}")
# Special units (UCUM, section 3.4) are functions, not factors. Of temperatures pint has the function; of others that it takes
# for factors some are none.
_SPECIAL_BUT_LINEAR = {"Cel", "[degF]", "[degRe]"}
# UCUM takes an equivalent and an osmole for a mole. How many a mole has depends on the substance.
_OF_A_SUBSTANCE = {"eq", "osm"}

_turn = RLock()
# What UCUM says of a unit takes long to find out the first time, for one thread at a time. A request may name a thousand.
NEW_UNITS_A_MINUTE = 10
_known: set[str] = set()
_MOST_KNOWN = 1024
_A_MINUTE = 60.0
_looked_up_at: deque[float] = deque(maxlen=NEW_UNITS_A_MINUTE)
Result = TypeVar("Result")


class UnitError(Exception):
    """A quantity in the one unit cannot be brought to the other."""


class UnknownUnitError(UnitError):
    """UCUM has no such unit, or none that can be worked with."""


class OtherDimensionError(UnitError):
    """The two units measure different things."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit as pint has it; `is_own` says that it is comparable with nothing but itself."""

    magnitude: Any
    units: Any
    is_own: bool


@dataclass(frozen=True, slots=True)
class _Impossible:
    """Why there is no conversion: what to raise, kept so that asking a thousand times costs as little as once."""

    error: type[UnitError]
    message: str


def conversion(unit: str, canonical: str, molar_mass: Decimal | None = None) -> Conversion:
    """How a quantity in `unit` is brought to `canonical`, both UCUM.

    Mass becomes amount of substance and the reverse by the molar mass in g/mol, where one is given. Raises UnknownUnitError,
    OtherDimensionError, and UnitError where the one is not a linear function of the other.
    """
    if max(len(unit), len(canonical)) > MAX_LENGTH:
        raise UnknownUnitError(f"A unit has at most {MAX_LENGTH} characters.")
    found = _conversion(unit, canonical, molar_mass)
    if isinstance(found, _Impossible):
        raise found.error(found.message)
    return found


def is_known(unit: str) -> bool:
    """Whether UCUM has the unit, and it can be worked with: not the pH, a logarithm of which pint makes nothing."""
    # Before the cache, which would keep a text of any length that somebody sends as a unit.
    return len(unit) <= MAX_LENGTH and _parsed(unit) is not None


def is_comparable(unit: str, canonical: str, molar_mass: Decimal | None = None) -> bool:
    """Whether both measure the same thing, so that `conversion` leads from one to the other."""
    try:
        conversion(unit, canonical, molar_mass)
    except UnitError:
        return False
    return True


def may_be_looked_up(unit: str) -> bool:
    """Whether UCUM may be asked about a unit that somebody sent: one that it was asked about before, or one of ten a minute."""
    if len(unit) > MAX_LENGTH or unit in _known:
        return True
    now = monotonic()
    if len(_looked_up_at) == NEW_UNITS_A_MINUTE and now - _looked_up_at[0] < _A_MINUTE:
        return False
    _looked_up_at.append(now)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known.add(unit)
    return True


def _one_at_a_time(work: Callable[..., Result]) -> Callable[..., Result]:
    """The same for one thread at a time: registries that several threads begin at once know no units, for good."""

    @wraps(work)
    def guarded(*arguments: object) -> Result:
        with _turn:
            return work(*arguments)

    return guarded


@lru_cache(maxsize=1024)
@_one_at_a_time
def _conversion(unit: str, canonical: str, molar_mass: Decimal | None) -> Conversion | _Impossible:
    sent, wanted = _parsed(unit), _parsed(canonical)
    if sent is None or wanted is None:
        return _Impossible(UnknownUnitError, "UCUM has no such unit.")
    if unit == canonical:
        return _IDENTITY
    factors = [None]
    if molar_mass is not None:
        per_mole = _registry().Quantity(float(molar_mass), "g/mol")
        factors += [1 / per_mole, per_mole]
    for factor in factors:
        if _can(sent, wanted, factor):
            return _by_probing(sent, wanted, factor) or _Impossible(
                UnitError, f"{unit} cannot be brought to {canonical} by a factor."
            )
    return _Impossible(OtherDimensionError, f"{unit} cannot be brought to {canonical}.")


@cache
def _registry() -> Any:  # noqa: ANN401 - pint makes its types at run time
    # Half a second, which a process that only meets units of the catalogue is spared.
    from ucumvert import PintUcumRegistry  # noqa: PLC0415

    return PintUcumRegistry()


@cache
def _own_atoms() -> set[str]:
    """The atoms of units that are comparable with nothing but themselves."""
    from ucumvert.xml_util import get_units_with_full_definition  # noqa: PLC0415 - as above

    # A unit that a procedure defines is comparable with nothing else (UCUM, section 3.2); pint takes it for the number one.
    return _OF_A_SUBSTANCE | {
        unit.code_cs
        for unit in get_units_with_full_definition()
        if unit.is_arbitrary or (unit.is_special and unit.code_cs not in _SPECIAL_BUT_LINEAR)
    }


@lru_cache(maxsize=1024)
@_one_at_a_time
def _parsed(unit: str) -> _Unit | None:
    from lark.exceptions import LarkError  # noqa: PLC0415 - as above
    from pint.errors import PintError  # noqa: PLC0415
    from ucumvert.parser import get_ucum_parser, parse_ucum  # noqa: PLC0415

    if _TOO_LARGE.search(unit):
        return None
    try:
        parsed = _registry().from_ucum(unit)
        atoms = {
            str(atom.children[-1]) for atom in parse_ucum(unit, get_ucum_parser()).find_data("simple_unit")
        }
    except (LarkError, PintError, ArithmeticError):
        return None
    # What stands in braces alone is a count of something, which UCUM takes for the number one.
    if not hasattr(parsed, "dimensionality"):
        return _Unit(1, _registry().Unit(""), is_own=False)
    # By name: the parser's units are of pint's own registry, which does not mix with ours.
    return _Unit(parsed.magnitude, _registry().Unit(str(parsed.units)), bool(atoms & _own_atoms()))


def _can(sent: _Unit, wanted: _Unit, factor: Any) -> bool:  # noqa: ANN401
    if sent.is_own or wanted.is_own:
        return False
    units = sent.units if factor is None else sent.units * factor.units
    return bool(units.dimensionality == wanted.units.dimensionality)


def _by_probing(sent: _Unit, wanted: _Unit, factor: Any) -> Conversion | None:  # noqa: ANN401
    from pint.errors import PintError  # noqa: PLC0415 - as above

    try:
        return _linear([_converted(sent, wanted, factor, at) for at in (0.0, *_PROBES)])
    except (PintError, ArithmeticError):
        return None


def _converted(sent: _Unit, wanted: _Unit, factor: Any, value: float) -> float:  # noqa: ANN401
    of_sent = _registry().Quantity(value * sent.magnitude, sent.units)
    if factor is not None:
        of_sent = of_sent * factor
    return float(of_sent.to(wanted.units).magnitude / wanted.magnitude)


def _linear(values: list[float]) -> Conversion | None:
    at_zero, at_one, *others = values
    slope = _simplest(at_one - at_zero)
    if slope == 0:
        return None
    shift = _simplest(at_zero / float(slope))
    found = Conversion(_decimal(shift), _decimal(slope.numerator), _decimal(slope.denominator))
    for probe, value in zip(_PROBES, [at_one, *others], strict=True):
        if not isclose(float(found(Decimal(probe))), value, rel_tol=1e-9):
            return None
    return found


def _simplest(value: float) -> Fraction:
    """The number that somebody must have written where the registry, which works with doubles, came to this value."""
    if value == 0:
        return Fraction(0)
    written, inverse = (Fraction(f"{number:.{_DIGITS_OF_PEOPLE}g}") for number in (value, 1 / value))
    for candidate in (written, Fraction(value).limit_denominator(_LARGEST_DENOMINATOR), 1 / inverse):
        if isclose(float(candidate), value, rel_tol=_ENOUGH):
            return candidate
    return Fraction(f"{value:.15g}")


def _decimal(number: Fraction | int) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)
