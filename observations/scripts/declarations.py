"""What a script version says that it reads and gives. The stored form is JSON, described in docs/script-versions.md."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from clinical_engine.common.errors import Refusal, RefusedError
from clinical_engine.jobs.payloads.faults import fault_of

Plain: TypeAlias = bool | int | float | str
MAX_WINDOW = timedelta(days=3660)


class How(StrEnum):
    """Which readings of a code, or results of a script, an input stands for."""

    LATEST = "latest"
    ALL_WITHIN = "all_within"
    FIRST_AFTER_ACTIVATION = "first_after_activation"


class Missing(StrEnum):
    """What becomes of a result when an input has no value."""

    NOT_COMPUTABLE = "not_computable"
    """It is 'not computable', and the script does not run."""
    NONE = "none"
    """The script runs, and asks `x is None`; of `all_within` it sees an empty list."""
    DEFAULT = "default"
    """The script runs with the declared default."""


class OutputKind(StrEnum):
    """What a field of the result is."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    CODED = "coded"
    TEXT = "text"
    INTERPRETATION = "interpretation"


class _Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every declared input has."""


class MeasurementInput(_Declaration, frozen=True, kw_only=True):
    """Readings of a code. Windows in seconds; `fields` names parts of a panel or items of a questionnaire by their codes."""

    code: str
    how: How
    window_seconds: int = 0
    unit: str = ""
    stale_after_seconds: int = 0
    missing: Missing = Missing.NOT_COMPUTABLE
    default: Plain | None = None
    fields: dict[str, str] = {}
    take: str = ""
    timed: bool = False

    @property
    def window(self) -> timedelta:
        """How far back from the result it looks; 0 where that is as far as the activation."""
        return timedelta(seconds=self.window_seconds)


class FactInput(_Declaration, frozen=True, kw_only=True):
    """A fact about the patient: sex, age in whole years, or SpO2 scale, as it holds at the time of the result."""

    fact: str
    missing: Missing = Missing.NOT_COMPUTABLE
    default: Plain | None = None


class ScriptInput(_Declaration, frozen=True, kw_only=True):
    """Results of another script: one of its outputs."""

    script: str
    how: How
    window_seconds: int
    output: str = "result"
    missing: Missing = Missing.NOT_COMPUTABLE
    default: Plain | None = None

    @property
    def window(self) -> timedelta:
        """How far back from the result it looks."""
        return timedelta(seconds=self.window_seconds)


DeclaredInput: TypeAlias = MeasurementInput | FactInput | ScriptInput
FACTS = ("sex", "age", "spo2_scale")
INTERPRETATIONS = ("normal", "abnormal", "critical")


class DeclaredOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field of the result. `code` and `unit` (UCUM) are what it is filed under; `answers` the codes that a coded one may be."""

    kind: OutputKind = OutputKind.NUMBER
    code: str = ""
    unit: str = ""
    answers: list[str] = []


def declared_inputs(inputs: Mapping[str, Any]) -> dict[str, DeclaredInput]:
    """The stored inputs, parsed. Raises RefusedError naming each one that is incomplete or makes no sense."""
    return _all_of(inputs, "inputs", _declared_input, _problems_of)


def declared_outputs(outputs: Mapping[str, Any]) -> dict[str, DeclaredOutput]:
    """The stored outputs, parsed. Raises RefusedError naming each one that is incomplete or makes no sense."""
    declared = _all_of(outputs, "outputs", _declared_output, _problems_of_output)
    if not any(output.kind is not OutputKind.INTERPRETATION for output in declared.values()):
        raise RefusedError(Refusal("outputs", "required", "A script gives at least one value."))
    return declared


def _all_of(stored: Any, path: str, parse: Any, problems_of: Any) -> dict[str, Any]:  # noqa: ANN401 - of either sort
    if not isinstance(stored, Mapping):
        raise RefusedError(Refusal(path, "wrong_type", "An object with a name for each."))
    refusals: list[Refusal] = []
    declared: dict[str, Any] = {}
    for name, one in stored.items():
        try:
            declared[name] = parse(one)
        except msgspec.ValidationError as error:
            refusals.append(Refusal(f"{path}.{name}", "wrong_shape", fault_of(error)))
        else:
            refusals += [
                Refusal(f"{path}.{name}.{field}", code, message)
                for field, code, message in problems_of(declared[name])
            ]
    if refusals:
        raise RefusedError(*refusals)
    return declared


def _declared_input(stored: Any) -> DeclaredInput:  # noqa: ANN401 - as it is stored
    shape: type[DeclaredInput] = MeasurementInput
    if isinstance(stored, Mapping):
        shape = FactInput if "fact" in stored else ScriptInput if "script" in stored else MeasurementInput
    return msgspec.convert(stored, shape)


def _declared_output(stored: Any) -> DeclaredOutput:  # noqa: ANN401 - as it is stored
    return msgspec.convert(stored, DeclaredOutput)


_Problem: TypeAlias = tuple[str, str, str]


def _problems_of(declared: DeclaredInput) -> Iterator[_Problem]:
    if declared.missing is Missing.DEFAULT and declared.default is None:
        yield "default", "required", "Say which value it has when there is none."
    if declared.missing is not Missing.DEFAULT and declared.default is not None:
        yield "default", "not_used", "A default is used only where missing is 'default'."
    if isinstance(declared, FactInput):
        if declared.fact not in FACTS:
            yield "fact", "unknown_fact", f"The facts are {', '.join(FACTS)}."
        return
    yield from _problems_of_window(declared)
    if isinstance(declared, MeasurementInput):
        yield from _problems_of_reading(declared)


def _problems_of_window(declared: MeasurementInput | ScriptInput) -> Iterator[_Problem]:
    if declared.how is How.FIRST_AFTER_ACTIVATION:
        if isinstance(declared, ScriptInput):
            yield "how", "unsupported", "Of another script the latest result, or all within a window."
        elif declared.window_seconds:
            yield "window_seconds", "not_used", "The first after the activation has no window."
    elif not 0 < declared.window_seconds <= MAX_WINDOW.total_seconds():
        yield "window_seconds", "out_of_range", f"More than 0 and at most {MAX_WINDOW.days} days."
    if declared.how is How.ALL_WITHIN and declared.missing is Missing.DEFAULT:
        yield "missing", "unsupported", "A list has no default; with 'none' it is empty."


def _problems_of_reading(declared: MeasurementInput) -> Iterator[_Problem]:
    if declared.stale_after_seconds:
        if declared.how is not How.LATEST:
            yield "stale_after_seconds", "not_used", "Only the latest reading can be stale."
        elif not 0 < declared.stale_after_seconds < declared.window_seconds:
            yield "stale_after_seconds", "out_of_range", "More than 0 and less than the window."
    if declared.timed and declared.how is not How.ALL_WITHIN:
        yield "timed", "not_used", "Only all readings within a window come with their times."
    if declared.take not in {"", "score"}:
        yield "take", "unknown", "Empty for the answer's code, or 'score'."


def _problems_of_output(declared: DeclaredOutput) -> Iterator[_Problem]:
    if declared.kind is OutputKind.INTERPRETATION:
        if declared.code or declared.unit or declared.answers:
            yield "kind", "not_used", "An interpretation has no code, unit or answers of its own."
        return
    if not declared.code:
        yield "code", "required", "What it is filed under."
    if declared.unit and declared.kind is not OutputKind.NUMBER:
        yield "unit", "not_used", "Only a number has a unit."
    if bool(declared.answers) != (declared.kind is OutputKind.CODED):
        yield "answers", "required", "A coded output names the codes that it may be, another none."


def measured_codes(inputs: Iterable[DeclaredInput]) -> set[str]:
    """Every code of measurements that is read, those of parts among them."""
    return {
        code
        for declared in inputs
        if isinstance(declared, MeasurementInput)
        for code in (declared.code, *declared.fields.values())
    }


def scripts_read(inputs: Iterable[DeclaredInput]) -> set[str]:
    """The name of every other script that is read."""
    return {declared.script for declared in inputs if isinstance(declared, ScriptInput)}
