"""What a script gave, held against what its version declares, and as it is stored."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from observations.engine import ScriptFailed, Value
from observations.engine.values import Scalar
from observations.scripts.declarations import INTERPRETATIONS, DeclaredOutput, OutputKind

_TYPES: Mapping[OutputKind, frozenset[type]] = {
    OutputKind.NUMBER: frozenset({int, float}),
    OutputKind.BOOLEAN: frozenset({bool}),
    OutputKind.CODED: frozenset({str}),
    OutputKind.TEXT: frozenset({str}),
    OutputKind.INTERPRETATION: frozenset({str}),
}
_WORDS: Mapping[OutputKind, str] = {
    OutputKind.NUMBER: "a number",
    OutputKind.BOOLEAN: "true or false",
    OutputKind.CODED: "one of its answers",
    OutputKind.TEXT: "text",
    OutputKind.INTERPRETATION: f"one of {', '.join(INTERPRETATIONS)}",
}


class Output(NamedTuple):
    """A result: its values by field, without the interpretation, which stands beside them."""

    values: dict[str, Scalar]
    interpretation: str

    @property
    def as_json(self) -> str:
        """The values as they are stored."""
        return msgspec.json.encode(self.values).decode()


class Outputs:
    """The declared fields of one version's result."""

    def __init__(self, declared: Mapping[str, DeclaredOutput]) -> None:
        self._names = frozenset(declared)
        self._types = [(name, _TYPES[output.kind]) for name, output in declared.items()]
        self._answers = {
            name: frozenset(INTERPRETATIONS if output.kind is OutputKind.INTERPRETATION else output.answers)
            for name, output in declared.items()
            if output.kind in {OutputKind.INTERPRETATION, OutputKind.CODED}
        }
        self._words = {name: _WORDS[output.kind] for name, output in declared.items()}
        self._interpretation = next(
            (name for name, output in declared.items() if output.kind is OutputKind.INTERPRETATION), None
        )

    def checked(self, value: Value) -> Output:
        """The result as it is stored. Raises ScriptFailed when its fields are not those declared, each of its kind."""
        values = dict(value) if isinstance(value, dict) else {"result": value}
        if values.keys() != self._names:
            raise ScriptFailed(0, 0, self._what_differs(values.keys() ^ self._names))
        for name, types in self._types:
            if type(values[name]) not in types:
                raise ScriptFailed(0, 0, f"the output {name} must be {self._words[name]}")
        for name, answers in self._answers.items():
            if values[name] not in answers:
                raise ScriptFailed(0, 0, f"the output {name} must be {self._words[name]}")
        interpretation = "" if self._interpretation is None else str(values.pop(self._interpretation))
        return Output(values, interpretation)

    def _what_differs(self, names: set[str]) -> str:
        lacking = sorted(names & self._names)
        if lacking:
            return f"the result lacks the output {lacking[0]}"
        return f"the result has the field {min(names)}, which is no output"
