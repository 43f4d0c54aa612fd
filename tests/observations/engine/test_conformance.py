"""What scripts of each version of the language once came to, they come to for ever: stored results, never rewritten.

A case whose result changes is a change of the language and needs a new version of it, with a file of its own here.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from observations.engine import LANGUAGE_VERSION, NotComputable, ScriptFailed, ScriptRefused, compile_script

FOLDER = Path(__file__).parent / "conformance"
VERSIONS = range(1, LANGUAGE_VERSION + 1)


def stored_cases() -> list[Any]:
    """Give every stored case, with the version of the language it is written in."""
    suites = [
        json.loads((FOLDER / f"version_{version}.json").read_text(encoding="utf-8")) for version in VERSIONS
    ]
    return [
        pytest.param(suite["language_version"], case, id=case["name"])
        for suite in suites
        for case in suite["cases"]
    ]


def outcome(version: int, source: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Give how a script ends, as the suite stores it: reasons of failures may be worded better one day, places stay."""
    try:
        result = compile_script(source, inputs.keys(), version).run(inputs)
    except ScriptRefused as refused:
        return {"refused": [refused.problems[0].line, refused.problems[0].column]}
    except ScriptFailed as failed:
        return {"failed": [failed.line, failed.column]}
    except NotComputable as nothing:
        return {"not_computable": nothing.reason}
    return {"value": result.value, "steps": result.steps}


@pytest.mark.parametrize(("version", "case"), stored_cases())
def test_a_stored_script_still_comes_to_its_stored_result(version: int, case: dict[str, Any]) -> None:
    came_to = outcome(version, case["source"], case["inputs"])
    # Compared as text: 3, 3.0 and true are three results.
    assert json.dumps(came_to) == json.dumps(case["expected"])
