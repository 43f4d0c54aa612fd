"""How measured and computed values are written."""

from collections.abc import Mapping
from typing import Any

from observations.catalogue import catalogue
from observations.models import Observation, Valued

_SHOWN_TEXT = 80


def measured(row: Valued) -> str:
    """A value with its unit, digit by digit as sent; the beginning of a long text."""
    if row.components is not None:
        return ", ".join(f"{_display(code)} {_part(value)}" for code, value in row.components.items())
    if row.value_boolean is not None:
        return _yes_or_no(row.value_boolean)
    if row.value_quantity is not None:
        return f"{row.value_quantity} {row.unit}".strip()
    text = row.value_answer if row.value_text is None else row.value_text
    return _shortened(text or "")


def _part(value: Mapping[str, Any]) -> str:
    if "boolean" in value:
        return _yes_or_no(value["boolean"])
    if "quantity" in value:
        return f"{value['quantity']} {value.get('unit', '')}".strip()
    return _shortened(str(value.get("text", value.get("answer", ""))))


def _display(code: str) -> str:
    entry = catalogue().by_code.get(code)
    return code if entry is None else entry.display


def _yes_or_no(value: bool) -> str:  # noqa: FBT001 - a value to be shown
    return "yes" if value else "no"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_TEXT else f"{text[:_SHOWN_TEXT]}…"


def computed(observation: Observation, *, whole: bool = False) -> str:
    """Every output field with its unit, or why there is none; rounded to two decimals unless `whole`."""
    if observation.value is None:
        return f"not computable: {observation.not_computable}"
    outputs = observation.script_version.outputs
    return ", ".join(
        " ".join(
            filter(
                None,
                [name.replace("_", " "), _written(value, whole=whole), outputs.get(name, {}).get("unit", "")],
            )
        )
        for name, value in sorted(observation.value.items())
    )


def _written(value: object, *, whole: bool) -> str:
    if isinstance(value, bool):
        return _yes_or_no(value)
    if isinstance(value, float) and not whole:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
