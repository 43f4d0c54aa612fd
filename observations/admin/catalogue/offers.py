"""What the page of a code shows: its units and how they are converted, its answers, its parts, and what it is a part of."""

from collections.abc import Callable, Mapping

from clinical_engine.staff import panels
from clinical_engine.staff.cells import NOTHING, identifier, page_of
from observations.models import COMPOSED, Code, CodePart, CodeUnit, ValueKind

_MAY_SEE = "observations.view_code"


def conversion_text(unit: CodeUnit, canonical: str) -> str:
    """How a quantity in the unit becomes one in the canonical unit, as a formula for people."""
    term = "x"
    if unit.shift:
        term = f"(x {'-' if unit.shift < 0 else '+'} {abs(unit.shift):f})"
    if unit.numerator != 1:
        term += f" · {unit.numerator:f}"
    if unit.denominator != 1:
        term += f" / {unit.denominator:f}"
    return f"{term} {canonical}"


def _units(code: Code) -> Mapping[str, object]:
    rows = list(code.units.all())
    return panels.table(
        ["Unit (UCUM)", "x of it are"],
        (
            (
                identifier(row.unit),
                conversion_text(row, rows[0].unit) if row.position else "the canonical unit",
            )
            for row in rows
        ),
        empty="None.",
    )


def _answers(code: Code) -> Mapping[str, object]:
    return panels.table(
        ["Answer", "Text", "Score"],
        (
            (identifier(row.answer), row.display, NOTHING if row.score is None else row.score)
            for row in code.answers.all()
        ),
        empty="Any answer is taken.",
    )


def _parts(code: Code) -> Mapping[str, object]:
    rows = code.parts.select_related("part")
    return panels.table(
        ["Part", "Code", "Required"],
        ((_page_of(row.part), identifier(row.part.code), "yes" if row.is_required else "no") for row in rows),
        empty="None.",
    )


def _part_of(code: Code) -> Mapping[str, object]:
    rows = CodePart.objects.filter(part=code).select_related("panel").order_by("panel__display")
    return panels.table(
        ["Part of", "Code"],
        ((_page_of(row.panel), identifier(row.panel.code)) for row in rows),
        empty="It is measured by itself only.",
    )


def _page_of(code: Code) -> str:
    return page_of("admin:observations_code_change", code.pk, code.display)


def offer() -> None:
    """Register the panels."""
    panels.register(
        "observations.code",
        panels.Panel("Units", _MAY_SEE, _units, position=10, applies=_is_of(ValueKind.QUANTITY)),
        panels.Panel("Answers", _MAY_SEE, _answers, position=20, applies=_is_of(ValueKind.CODED)),
        panels.Panel("Parts", _MAY_SEE, _parts, position=30, applies=_is_of(*COMPOSED)),
        panels.Panel(
            "Part of",
            _MAY_SEE,
            _part_of,
            position=40,
            applies=lambda code: not code.is_computed and code.value_kind not in COMPOSED,
        ),
    )


def _is_of(*kinds: str) -> Callable[[Code], bool]:
    return lambda code: code.value_kind in kinds
