"""Running the library's scripts as they are, without a database."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from observations.engine import CompiledScript, NotComputable, compile_script
from observations.scripts.library import LIBRARY, LibraryScript

BY_NAME: Mapping[str, LibraryScript] = {script.name: script for script in LIBRARY}
# What the engine computes exactly has another last digit where plain Python sums differently.
CLOSE = 1e-9


@cache
def compiled(name: str) -> CompiledScript:
    script = BY_NAME[name]
    return compile_script(script.source, tuple(script.inputs))


def run(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a script gives. Raises NotComputable."""
    given = {
        key: declared["default"] for key, declared in BY_NAME[name].inputs.items() if "default" in declared
    }
    value = compiled(name).run(given | dict(inputs)).value
    return value if isinstance(value, dict) else {"result": value}


def result(name: str, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same; None when nothing can be computed."""
    try:
        return run(name, inputs)
    except NotComputable:
        return None


def agree(found: dict[str, Any] | None, expected: Mapping[str, Any] | None) -> bool:
    """Whether two results are the same, numbers but for their last digits."""
    if found is None or expected is None:
        return found is expected
    return found.keys() == expected.keys() and all(
        value == expected[name]
        if isinstance(value, bool | str)
        else value == pytest.approx(expected[name], rel=CLOSE, abs=1e-7)
        for name, value in found.items()
    )
