"""What an input asks for, in words."""

from collections.abc import Iterator
from datetime import timedelta

from observations.catalogue import Catalogue
from observations.engine import Input
from observations.engine.explaining import written
from observations.scripts.declarations import (
    DeclaredInput,
    FactInput,
    How,
    MeasurementInput,
    Missing,
    ScriptInput,
)

_FACTS = {"sex": "Sex", "age": "Age in years", "spo2_scale": "SpO2 scale"}
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def asked(declared: DeclaredInput, codes: Catalogue) -> str:
    """What is read, which of it, and what becomes of it when there is nothing."""
    return "; ".join(filter(None, [*_what(declared, codes), _missing(declared)]))


def _what(declared: DeclaredInput, codes: Catalogue) -> Iterator[str]:
    if isinstance(declared, FactInput):
        yield f"{_FACTS[declared.fact]}, as of the result"
    elif isinstance(declared, ScriptInput):
        yield f"Results of {declared.script} ({declared.output}), {_which(declared)}"
    else:
        entry = codes.by_code.get(declared.code)
        unit = declared.unit or (entry.canonical_unit if entry else None)
        name = declared.code if entry is None else f"{entry.display} ({entry.code})"
        yield f"{name}, {_which(declared)}{f', in {unit}' if unit else ''}"
        yield from _of_reading(declared)


def _which(declared: MeasurementInput | ScriptInput) -> str:
    if declared.how is How.FIRST_AFTER_ACTIVATION:
        return "the first since the activation"
    which = "the latest" if declared.how is How.LATEST else "all"
    return f"{which} within {_span(declared.window_seconds)}"


def _of_reading(declared: MeasurementInput) -> Iterator[str]:
    if declared.take == "score":
        yield "the answers' scores"
    if declared.timed:
        yield "with their times"
    if declared.stale_after_seconds:
        yield f"stale after {_span(declared.stale_after_seconds)}"


def _missing(declared: DeclaredInput) -> str:
    if declared.missing is Missing.DEFAULT:
        return f"otherwise {written(declared.default)}"
    return "may be missing" if declared.missing is Missing.NONE else ""


def _span(seconds: int) -> str:
    name, size = next((name, size) for name, size in _UNITS if seconds % size == 0)
    number = timedelta(seconds=seconds) // timedelta(seconds=size)
    return f"{number} {name}{'' if number == 1 else 's'}"


def value_words(value: Input) -> str:
    """A value as the language writes it, cut where it is long; 'no value' where there is none."""
    if value is None:
        return "no value"
    return written(tuple(value) if isinstance(value, list | tuple) else value)
