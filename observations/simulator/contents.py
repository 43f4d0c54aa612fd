"""Made-up readings, each with what must become of it.

The factors are written down here once more: 1 lb = 0.45359237 kg and 1 in = 2.54 cm (international yard and pound agreement, 1959),
glucose has 180.156 g/mol, and 32 degrees Fahrenheit are 0 degrees Celsius, 212 are 100.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from observations.simulator.actions import Composed, Content, Single

GLUCOSE = "2339-0"
_KILOGRAM_PER_POUND = 0.45359237
_CENTIMETRE_PER_INCH = 2.54
_MILLIGRAM_PER_DECILITRE = 18.0156
_QUESTIONS = (
    *("44250-9", "44255-8", "44259-0", "44254-1", "44251-7"),
    *("44258-2", "44252-5", "44253-3", "44260-8"),
)
_ANSWERS = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
_NOTES = ("Slept badly.", "Feeling fine today", "Läuft gut \N{THUMBS UP SIGN}", 'He said "no", twice \\ more')


@dataclass(frozen=True, slots=True)
class Made:
    """A content, whether the engine must flag it as implausible, and the (field, code) with which it must be refused."""

    content: Content
    is_implausible: bool = False
    refusal: tuple[str, str] | None = None


def make_reading(chance: random.Random) -> Made:
    """A reading that is accepted; of every kind, glucose the most frequent."""
    [maker] = chance.choices(list(_ACCEPTED), list(_ACCEPTED.values()))
    return maker(chance)


def make_refusable(chance: random.Random) -> Made:
    """A reading that the engine must refuse."""
    return chance.choice(_REFUSED)


def make_glucose(chance: random.Random) -> Made:
    """A plausible glucose in one of the two units."""
    return _glucose_by_mass(chance) if chance.random() < 0.8 else _glucose_by_amount(chance)  # noqa: PLR2004


def _glucose_by_mass(chance: random.Random) -> Made:
    return _made(GLUCOSE, chance.randint(50, 260), 0, "mg/dL", lambda value: value)


def _glucose_by_amount(chance: random.Random) -> Made:
    return _made(
        GLUCOSE, chance.randint(28, 150), 1, "mmol/L", lambda value: value * _MILLIGRAM_PER_DECILITRE
    )


def _implausible_glucose(chance: random.Random) -> Made:
    return Made(_glucose_of(chance.choice([2, 5, 1200])).content, is_implausible=True)


def _glucose_of(value: int) -> Made:
    return _made(GLUCOSE, value, 0, "mg/dL", lambda value: value)


def _weight(chance: random.Random) -> Made:
    return _made(
        "29463-7", chance.randint(900, 3000), 1, "[lb_av]", lambda value: value * _KILOGRAM_PER_POUND
    )


def _weight_in_grams(chance: random.Random) -> Made:
    return _made("29463-7", chance.randint(2_000, 140_000), 0, "g", lambda value: value / 1000)


def _height(chance: random.Random) -> Made:
    return _made("8302-2", chance.randint(55, 80), 0, "[in_i]", lambda value: value * _CENTIMETRE_PER_INCH)


def _temperature(chance: random.Random) -> Made:
    return _made("8310-5", chance.randint(950, 1060), 1, "[degF]", lambda value: (value - 32) / 1.8)


def _heart_rate(chance: random.Random) -> Made:
    return _made("8867-4", chance.randint(45, 180), 0, "/min", lambda value: value)


def _implausible_heart_rate(chance: random.Random) -> Made:
    return Made(_made("8867-4", chance.choice([3, 19, 301]), 0, "/min", float).content, is_implausible=True)


def _pressure(chance: random.Random) -> Made:
    systolic, diastolic = chance.randint(90, 180), chance.randint(50, 88)
    return Made(Composed("85354-9", [_mercury("8480-6", systolic), _mercury("8462-4", diastolic)]))


def _implausible_pressure(chance: random.Random) -> Made:
    parts = [_mercury("8480-6", chance.choice([12, 350])), _mercury("8462-4", 80)]
    return Made(Composed("85354-9", parts), is_implausible=True)


def _mercury(code: str, value: int) -> Single:
    return Single(code, Decimal(value), "mm[Hg]", float(value))


def _questionnaire(chance: random.Random) -> Made:
    return Made(Composed("44249-1", [Single(code, chance.choice(_ANSWERS)) for code in _QUESTIONS]))


def _event(chance: random.Random) -> Made:
    code = chance.choice(["meal-typical", "exercise-more", "hypoglycaemic-symptoms"])
    return Made(Single(code, chance.random() < 0.7))  # noqa: PLR2004


def _note(chance: random.Random) -> Made:
    return Made(Single("patient-note", chance.choice(_NOTES)))


def _made(code: str, number: int, decimals: int, unit: str, convert: Callable[[float], float]) -> Made:
    value = Decimal(number).scaleb(-decimals)
    return Made(Single(code, value, unit, float(convert(float(value)))))


_ACCEPTED: dict[Callable[[random.Random], Made], int] = {
    _glucose_by_mass: 40,
    _glucose_by_amount: 12,
    _implausible_glucose: 2,
    _pressure: 12,
    _implausible_pressure: 1,
    _weight: 7,
    _weight_in_grams: 2,
    _height: 2,
    _temperature: 8,
    _heart_rate: 6,
    _implausible_heart_rate: 1,
    _event: 4,
    _questionnaire: 1,
    _note: 2,
}
_REFUSED = (
    Made(Single(GLUCOSE, Decimal(80), "kg"), refusal=("unit", "wrong_dimension")),
    Made(Single("8302-2", Decimal("1.8"), "m"), refusal=("unit", "wrong_unit")),
    Made(Single(GLUCOSE, Decimal(104)), refusal=("unit", "unit_missing")),
    Made(Single("29463-7", "80", "kg"), refusal=("value", "not_a_number")),
    Made(Single("99999-9", Decimal(1), "kg"), refusal=("code", "unknown_code")),
    Made(Single("meal-typical", "yes"), refusal=("value", "not_boolean")),
    Made(Composed("85354-9", [_mercury("8480-6", 120)]), refusal=("components", "component_missing")),
)
