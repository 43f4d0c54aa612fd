"""How the tests of the engine write, run and break scripts."""

from collections.abc import Collection

import pytest

from observations.engine import (
    CompiledScript,
    Input,
    NotComputable,
    ScriptFailed,
    ScriptRefused,
    Value,
    compile_script,
)


def run(source: str, **inputs: Input) -> Value:
    """Compile a script and give its result."""
    return compile_script(source, inputs.keys()).run(inputs).value


def value_of(expression: str, **inputs: Input) -> Value:
    """Give what an expression comes to."""
    return run(f"result = {expression}", **inputs)


def steps_of(source: str, **inputs: Input) -> int:
    """Give how many steps a script takes."""
    return compile_script(source, inputs.keys()).run(inputs).steps


def refusal(source: str, *inputs: str) -> ScriptRefused:
    """Give how a source is refused; fails when it is accepted."""
    with pytest.raises(ScriptRefused) as caught:
        compile_script(source, inputs)
    return caught.value


def failure(source: str, **inputs: Input) -> ScriptFailed:
    """Give how a run fails; fails when the source is refused or the run ends well."""
    script = compile_script(source, inputs.keys())
    with pytest.raises(ScriptFailed) as caught:
        script.run(inputs)
    return caught.value


def reason_for_no_value(source: str, **inputs: Input) -> str:
    """Give why a script is not computable."""
    script = compile_script(source, inputs.keys())
    with pytest.raises(NotComputable) as caught:
        script.run(inputs)
    return caught.value.reason


def accepted(source: str, inputs: Collection[str]) -> CompiledScript | None:
    """Compile a source; None when it is refused."""
    try:
        return compile_script(source, inputs)
    except ScriptRefused:
        return None
