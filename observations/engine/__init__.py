"""The script engine: compiles and runs the scripts of scripted observations. Knows no Django.

The language is specified in docs/script-language.md.
"""

from observations.engine.errors import NotComputable, Problem, ScriptFailed, ScriptRefused
from observations.engine.script import LANGUAGE_VERSION, CompiledScript, Result, compile_script
from observations.engine.values import Input, Value

__all__ = [
    "LANGUAGE_VERSION",
    "CompiledScript",
    "Input",
    "NotComputable",
    "Problem",
    "Result",
    "ScriptFailed",
    "ScriptRefused",
    "Value",
    "compile_script",
]
