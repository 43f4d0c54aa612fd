"""What a code of the catalogue says, as people edit it: read, compared, and written as rows."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from observations.catalogue import units
from observations.models import Code, CodeAnswer, CodePart, CodeUnit


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that a coded reading may have; `score` is what it counts in a score, where it counts."""

    answer: str
    display: str
    score: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Contained:
    """A value that a composed reading has, named by its code."""

    code: str
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that people say of a code. `units` are UCUM, the canonical one first; the range is in that one."""

    system: str
    code: str
    display: str
    kind: str
    units: tuple[str, ...] = ()
    plausible_low: Decimal | None = None
    plausible_high: Decimal | None = None
    molar_mass: Decimal | None = None
    answers: tuple[Answered, ...] = ()
    parts: tuple[Contained, ...] = ()

    @property
    def mark(self) -> str:
        """Another one for any other content: it tells whether somebody changed the code meanwhile."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def columns(self) -> dict[str, object]:
        """The values of the code's own row."""
        return {
            "system": self.system,
            "code": self.code,
            "display": self.display,
            "value_kind": self.kind,
            "plausible_low": self.plausible_low,
            "plausible_high": self.plausible_high,
            "molar_mass": self.molar_mass,
        }


def content_of(code: Code) -> Content:
    """What the catalogue says of a code now; one query for each of its units, answers and parts."""
    return Content(
        system=code.system,
        code=code.code,
        display=code.display,
        kind=code.value_kind,
        units=tuple(unit.unit for unit in code.units.all()),
        plausible_low=code.plausible_low,
        plausible_high=code.plausible_high,
        molar_mass=code.molar_mass,
        answers=tuple(Answered(row.answer, row.display, row.score) for row in code.answers.all()),
        parts=tuple(Contained(row.part.code, row.is_required) for row in code.parts.select_related("part")),
    )


def differences(old: Content, new: Content) -> dict[str, list[object]]:
    """What was changed, for the audit trail: [before, after] by field."""
    return {
        name: [_plain(getattr(old, name)), _plain(getattr(new, name))]
        for name in Content.__slots__
        if getattr(old, name) != getattr(new, name)
    }


def write_lists(code: Code, old: Content | None, new: Content) -> None:
    """Write the units, answers and parts of a code that are not as they were, in the caller's transaction.

    A unit that was there keeps its conversion, in which readings were taken.
    """
    if old is None or old.units != new.units:
        kept = {unit.unit: unit for unit in code.units.all()}
        code.units.all().delete()
        CodeUnit.objects.bulk_create(_units(code, new, kept))
    if old is None or old.answers != new.answers:
        code.answers.all().delete()
        CodeAnswer.objects.bulk_create(
            CodeAnswer(code=code, position=position, answer=row.answer, display=row.display, score=row.score)
            for position, row in enumerate(new.answers)
        )
    if old is None or old.parts != new.parts:
        ids = dict(Code.objects.filter(code__in=[part.code for part in new.parts]).values_list("code", "pk"))
        code.parts.all().delete()
        CodePart.objects.bulk_create(
            CodePart(panel=code, position=position, part_id=ids[row.code], is_required=row.is_required)
            for position, row in enumerate(new.parts)
        )


def _units(code: Code, new: Content, kept: dict[str, CodeUnit]) -> Iterator[CodeUnit]:
    for position, unit in enumerate(new.units):
        if unit in kept:
            row = kept[unit]
            row.pk, row.position = None, position
            yield row
            continue
        found = units.conversion(unit, new.units[0], new.molar_mass)
        yield CodeUnit(
            code=code,
            position=position,
            unit=unit,
            shift=found.shift,
            numerator=found.numerator,
            denominator=found.denominator,
        )


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (Answered, Contained)):
        return [_plain(getattr(value, name)) for name in value.__slots__]
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
