"""How measured and computed values are written."""

from decimal import Decimal
from typing import Protocol

from observations.models import Observation


class Valued(Protocol):
    """A row with a value as it was sent."""

    value_quantity: Decimal | None
    value_boolean: bool | None
    unit: str


def measured(row: Valued) -> str:
    """A value with its unit, digit by digit as sent."""
    if row.value_boolean is not None:
        return "yes" if row.value_boolean else "no"
    return f"{row.value_quantity} {row.unit}".strip()


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
        return "yes" if value else "no"
    if isinstance(value, float) and not whole:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
