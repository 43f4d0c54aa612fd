"""The script engine: compiles and runs the scripts of scripted observations. Knows no Django.

The language is specified in docs/script-language.md.
"""

from observations.engine.errors import NotComputable, Problem, ScriptFailed, ScriptRefused
from observations.engine.explaining import Assigned, Decided, Explanation, Result
from observations.engine.script import LANGUAGE_VERSION, CompiledScript, compile_script
from observations.engine.values import Input, Kind, Value

__all__ = [
    "LANGUAGE_VERSION",
    "Assigned",
    "CompiledScript",
    "Decided",
    "Explanation",
    "Input",
    "Kind",
    "NotComputable",
    "Problem",
    "Result",
    "ScriptFailed",
    "ScriptRefused",
    "Value",
    "compile_script",
]
