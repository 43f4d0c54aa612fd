"""What a code of the catalogue must be like, and what of it can no longer be changed. Each refusal names its field."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from clinical_engine.common.errors import Refusal
from observations.catalogue import units
from observations.catalogue.content import Content
from observations.catalogue.entries import is_within_limit
from observations.catalogue.usage import Use, used
from observations.models import COMPOSED, Code, CodeSystem, ValueKind
from patients.validation import refusals_of_text

MAX_CODE = 32
MAX_DISPLAY = 200
MAX_ANSWER = 64
MAX_ROWS = 100
_OWN_CODE = re.compile(r"[a-z][a-z0-9-]*")
_LOINC = re.compile(r"[0-9]{1,7}-[0-9]")
_ANY_MASS = Decimal(1)
_ONLY = {
    "units": {ValueKind.QUANTITY},
    "plausible_low": {ValueKind.QUANTITY},
    "plausible_high": {ValueKind.QUANTITY},
    "molar_mass": {ValueKind.QUANTITY},
    "answers": {ValueKind.CODED},
    "parts": set(COMPOSED),
}
_FIXED = {"system": "The system", "code": "The code", "kind": "The kind of value"}


def refusals_of(content: Content, codes: Mapping[str, Code]) -> Iterator[Refusal]:
    """Everything that is wrong with what a code is to say. `codes` are those of its parts that there are."""
    yield from _of_names(content)
    yield from _of_fields_that_do_not_belong(content)
    yield from _of_rows("units", content.units)
    yield from _of_units(content)
    yield from _of_numbers(content)
    yield from _of_rows("answers", [answer.answer for answer in content.answers])
    yield from _of_answers(content)
    yield from _of_rows("parts", [part.code for part in content.parts])
    yield from _of_parts(content, codes)


def refusals_of_change(code: Code, old: Content, new: Content) -> Iterator[Refusal]:
    """What of a change would make stored readings mean something else, or nothing."""
    for field, name in _FIXED.items():
        if getattr(old, field) != getattr(new, field):
            yield Refusal(
                field,
                "fixed",
                f"{name} stays as it is: readings were taken by it. Remove the code while no reading has it, or add another.",
            )
    yield from _of_canonical_unit(old, new)
    yield from _of_changed_molar_mass(old, new)
    for field, use in (("units", Use.UNIT), ("answers", Use.ANSWER), ("parts", Use.PART)):
        gone = [name for name in _names(old, field) if name not in set(_names(new, field))]
        if gone:
            yield from _of_removed(field, used(code, use, gone), gone)


def is_loinc(code: str) -> bool:
    """Whether a code is shaped as LOINC's are, its check digit right (modulus 10; LOINC Users' Guide, appendix C)."""
    if not _LOINC.fullmatch(code):
        return False
    number, check = code.split("-")
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(number)))
    return (sum(value // 10 + value % 10 for value in doubled) + int(check)) % 10 == 0


def _of_names(content: Content) -> Iterator[Refusal]:
    wrong = list(refusals_of_text("code", content.code, MAX_CODE))
    if not wrong and content.system == CodeSystem.LOINC and not is_loinc(content.code):
        wrong = [
            Refusal(
                "code",
                "not_loinc",
                "Is no code of LOINC: the digit behind the hyphen does not fit the others.",
            )
        ]
    if not wrong and content.system == CodeSystem.OWN and not _OWN_CODE.fullmatch(content.code):
        wrong = [Refusal("code", "not_a_name", "Must be small letters, digits and hyphens, a letter first.")]
    yield from wrong
    yield from refusals_of_text("display", content.display, MAX_DISPLAY)


def _of_fields_that_do_not_belong(content: Content) -> Iterator[Refusal]:
    for field, kinds in _ONLY.items():
        if getattr(content, field) not in (None, (), []) and content.kind not in kinds:
            names = " or ".join(f"'{ValueKind(kind).label}'" for kind in sorted(kinds))
            yield Refusal(field, "not_of_this_kind", f"Must be empty: only {names} has it.")


def _of_rows(field: str, names: Sequence[str]) -> Iterator[Refusal]:
    if len(names) > MAX_ROWS:
        yield Refusal(field, "too_many", f"Must be at most {MAX_ROWS}.")
    for before, name in pairwise(sorted(names)):
        if before == name:
            yield Refusal(field, "twice", f"{name} stands there twice.")


def _of_units(content: Content) -> Iterator[Refusal]:
    if content.kind != ValueKind.QUANTITY:
        return
    if not content.units:
        yield Refusal("units", "missing", "Must be at least one (UCUM); 1 is the unit of a mere number.")
    for unit in content.units:
        try:
            units.conversion(unit, content.units[0], _usable(content.molar_mass))
        except units.UnknownUnitError:
            yield Refusal(
                "units", "unknown_unit", f"{unit} is no unit of UCUM, or none that can be worked with."
            )
        except units.OtherDimensionError:
            yield Refusal("units", "wrong_dimension", _not_convertible(unit, content))
        except units.UnitError:
            yield Refusal("units", "no_factor", f"No factor leads from {unit} to {content.units[0]}.")


def _usable(molar_mass: Decimal | None) -> Decimal | None:
    # Whatever else stands in the field is refused by itself, and must not be worked with.
    return molar_mass if molar_mass is not None and molar_mass.is_finite() and molar_mass > 0 else None


def _not_convertible(unit: str, content: Content) -> str:
    told = f"{unit} cannot be converted to {content.units[0]}, the canonical unit"
    try:
        units.conversion(unit, content.units[0], _ANY_MASS)
    except units.UnitError:
        return f"{told}."
    return f"{told}, without the molar mass."


def _of_numbers(content: Content) -> Iterator[Refusal]:
    for field in ("plausible_low", "plausible_high", "molar_mass"):
        number: Decimal | None = getattr(content, field)
        if number is not None and not (number.is_finite() and is_within_limit(number)):
            yield Refusal(field, "not_finite", "Must be a finite number below 10^15 in size, as a double.")
            return
    low, high = content.plausible_low, content.plausible_high
    if low is not None and high is not None and low > high:
        yield Refusal("plausible_high", "below_low", "Must not be below the lowest plausible value.")
    if content.molar_mass is not None and content.molar_mass <= 0:
        yield Refusal("molar_mass", "not_positive", "Must be above 0.")


def _of_answers(content: Content) -> Iterator[Refusal]:
    for row in content.answers:
        for refusal in refusals_of_text("answers", row.answer, MAX_ANSWER):
            yield Refusal("answers", refusal.code, f"The code of each answer: {refusal.message}")
        for refusal in refusals_of_text("answers", row.display, MAX_DISPLAY):
            yield Refusal("answers", refusal.code, f"The text of {row.answer}: {refusal.message}")
        if row.score is not None and not (row.score.is_finite() and is_within_limit(row.score)):
            told = f"The score of {row.answer}: must be a number below 10^15, as a double."
            yield Refusal("answers", "not_finite", told)


def _of_parts(content: Content, codes: Mapping[str, Code]) -> Iterator[Refusal]:
    if content.kind in COMPOSED and not content.parts:
        yield Refusal("parts", "missing", "Must be at least one code.")
    for part in content.parts:
        known = codes.get(part.code)
        if known is None:
            yield Refusal("parts", "unknown_code", f"{part.code} is not in the catalogue: add it first.")
        elif known.is_computed:
            yield Refusal("parts", "computed", f"{part.code} is computed by scripts, not measured.")
        elif known.value_kind in COMPOSED:
            yield Refusal("parts", "composed", f"{part.code} is composed itself.")


def _of_canonical_unit(old: Content, new: Content) -> Iterator[Refusal]:
    if old.units and (not new.units or old.units[0] != new.units[0]):
        yield Refusal(
            "units",
            "fixed",
            f"{old.units[0]} stays the first: readings are stored in the canonical unit. Others can be added below it.",
        )


def _of_changed_molar_mass(old: Content, new: Content) -> Iterator[Refusal]:
    if old.molar_mass == new.molar_mass:
        return
    kept = [unit for unit in new.units if unit in set(old.units)]
    if changed := [unit for unit in kept if _found(unit, old) != _found(unit, new)]:
        yield Refusal(
            "molar_mass",
            "fixed",
            f"It would change the conversion of {' and '.join(changed)}, and readings were converted by it.",
        )


def _found(unit: str, content: Content) -> object:
    try:
        return units.conversion(unit, content.units[0], _usable(content.molar_mass))
    except units.UnitError:
        return None


def _names(content: Content, field: str) -> list[str]:
    if field == "answers":
        return [row.answer for row in content.answers]
    return [row.code for row in content.parts] if field == "parts" else list(content.units)


def _of_removed(field: str, found: Iterable[str] | None, gone: Sequence[str]) -> Iterator[Refusal]:
    if found is None:
        yield Refusal(
            field,
            "not_known",
            f"{', '.join(gone)}: there are so many readings that it cannot be told at once whether one has it; it stays.",
        )
        return
    for name in found:
        advice = " It can be made optional." if field == "parts" else ""
        yield Refusal(field, "used", f"{name} cannot be removed: stored readings have it.{advice}")
