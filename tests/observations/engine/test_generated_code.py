"""The Python that scripts become: nothing of the author's is in it, and what it leaves out is not needed."""

import io
import keyword
import re
import tokenize
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from observations.engine import Input, NotComputable, ScriptFailed, compile_script
from observations.engine import program as programs
from observations.engine.facts import Facts
from observations.engine.script import CompiledScript
from tests.observations.engine.attacks import ATTACKS, INPUTS
from tests.observations.engine.generator_attacks import GENERATOR, NAMED, PYTHON_WORDS
from tests.observations.engine.news2 import NORMAL, SOURCE
from tests.observations.engine.random_scripts import NAMES, Scripts
from tests.observations.engine.running import accepted, run, steps_of

WORD = re.compile(r"run|f|s|[vk][0-9]+")


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that reaches Python's own `compile` from here on."""
    seen: list[str] = []

    def listening(text: str, *arguments: Any, **options: Any) -> Any:
        seen.append(text)
        return compile(text, *arguments, **options)

    monkeypatch.setattr(programs, "compile", listening, raising=False)
    return seen


def functions_of(script: CompiledScript) -> dict[str, Callable[..., object]]:
    """Give our own functions that the code of a script sees."""
    namespace: dict[str, Any] = script._body.__globals__
    return {name: value for name, value in namespace.items() if callable(value)}


def strange_words(text: str, known: set[str]) -> list[str]:
    """Give every token of generated code that is neither a number, nor punctuation, nor one of our words."""
    kinds = {
        tokenize.NUMBER,
        tokenize.OP,
        tokenize.NEWLINE,
        tokenize.NL,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [
        token.string
        for token in tokens
        if token.type not in kinds
        and not keyword.iskeyword(token.string)
        and not WORD.fullmatch(token.string)
        and token.string not in known
    ]


def test_no_word_of_an_author_gets_into_the_code(texts: list[str]) -> None:
    for source in (*ATTACKS, *GENERATOR):
        script = accepted(source, INPUTS.keys())
        if script:
            functions = functions_of(script)
            assert all(
                function.__module__.startswith(("observations.engine.", "builtins"))
                for function in functions.values()
            )
            if len(texts[-1]) < 5_000:
                assert strange_words(texts[-1], set(functions)) == []
    assert len(texts) > 50


def test_the_code_sees_no_builtins(texts: list[str]) -> None:
    script = compile_script(SOURCE, NORMAL.keys())
    assert script._body.__globals__["__builtins__"] == {}
    assert "respiration" not in texts[0]
    assert "medium" not in texts[0]


def test_the_code_of_a_source_is_always_the_same(texts: list[str]) -> None:
    for _ in range(2):
        compile_script(SOURCE, NORMAL.keys())
    assert texts[0] == texts[1]


def test_names_that_mean_something_to_python_are_names_like_others() -> None:
    for number, word in enumerate(PYTHON_WORDS):
        assert run(f"{NAMED}result = {word}") == number
        inputs: dict[str, Input] = {word: 3}
        assert run(f"result = len([{word} for {word} in [1, 2]]) + {word}", **inputs) == 5


def outcome(script: CompiledScript, inputs: dict[str, Input]) -> object:
    try:
        result = script.run(inputs)
    except (ScriptFailed, NotComputable) as error:
        return repr(error)
    return repr(result.value), result.steps


@pytest.mark.parametrize("seed", range(6))
def test_a_check_that_is_left_out_because_of_what_is_known_would_never_have_failed(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = Scripts(seed)
    sources = [scripts.script() for _ in range(200)]
    short = [accepted(source, NAMES) for source in sources]
    monkeypatch.setattr(Facts, "get", lambda _self, _slot: None)
    careful = [accepted(source, NAMES) for source in sources]
    compared = 0
    for one, other in zip(short, careful, strict=True):
        assert (one is None) is (other is None)
        for inputs in [scripts.inputs() for _ in range(20)]:
            if one and other:
                assert outcome(one, inputs) == outcome(other, inputs)
                compared += 1
    assert compared > 500


SELECTION = "len([x for x in values if x > 0 and x > 1 and x > 2])"
HEAVY = f"if 1 > 2:\n    a = {SELECTION}\n    b = {SELECTION}\n"


@pytest.mark.parametrize("ways", [1, 3])
def test_steps_are_the_same_whether_they_could_be_used_up_or_not(ways: int, texts: list[str]) -> None:
    source = "b = 1\nif len(values) > 3:\n    b = 2\nelse:\n    b = b + 1\nresult = b"
    few = steps_of(source, values=[1, 2])
    assert steps_of(HEAVY * ways + source, values=[1, 2]) == few + 2 * ways
    assert "spend" not in texts[0]
    assert ("spend" in texts[1]) is (ways == 3)


def test_a_compiled_script_is_small() -> None:
    compile_script(SOURCE, NORMAL.keys())
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        scripts = [compile_script(SOURCE, NORMAL.keys()) for _ in range(20)]
        each = (tracemalloc.get_traced_memory()[0] - before) / len(scripts)
    finally:
        tracemalloc.stop()
    assert each < 20_000
