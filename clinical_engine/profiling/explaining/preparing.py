"""Making a statement of a shape again, one that PostgreSQL can plan: with a parameter where a value was."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from clinical_engine.profiling.explaining.errors import CannotExplainError
from clinical_engine.profiling.fingerprints import CUT
from clinical_engine.profiling.fingerprints.keywords import KEYWORDS
from clinical_engine.profiling.fingerprints.lexing import VALUE, tokens_of
from clinical_engine.profiling.fingerprints.texts import joined

_PLANNED = {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE", "("}
# `INTERVAL ?`: a type in front of a literal, which a parameter cannot stand for.
_TYPES = {"INTERVAL", "date", "time", "timetz", "timestamp", "timestamptz"}
_BEGIN_OPERANDS = {"(", VALUE, "CASE", "ARRAY", "CAST", "EXTRACT", "ROW"}
# Of `varchar(?)` and `numeric(?, ?)`, which are types.
_MODIFIERS = (["(", VALUE, ")"], ["(", VALUE, ",", VALUE, ")"])
_ARITHMETIC = {"+", "-", "*", "/"}
_OF_CASE = {"THEN", "ELSE"}


class Guess(Enum):
    """Which values are numbers, where PostgreSQL takes them for text because nothing says otherwise."""

    NOTHING = auto()
    SUMMANDS = auto()
    """The results of a CASE that is added to something."""
    COLUMNS = auto()
    """Those as well, and columns of a query that are nothing but a value."""


_BEFORE_GUESSED: dict[Guess, set[str | None]] = {
    Guess.NOTHING: set(),
    Guess.SUMMANDS: {*_OF_CASE},
    Guess.COLUMNS: {*_OF_CASE, "SELECT", ","},
}


@dataclass(frozen=True, slots=True)
class Preparable:
    """What PREPARE takes, and how many parameters it has."""

    text: str
    parameters: int


def words_of(shape: str) -> list[str]:
    """The words of what is to be planned: of a cursor or of COPY their query. Raises CannotExplainError."""
    words = _without_modifiers(tokens_of(shape))
    if words[-1:] == [CUT]:
        raise CannotExplainError("The statement is too long: only its beginning was kept.")
    if ";" in words:
        raise CannotExplainError("These are several statements in one.")
    words = _query_of(words)
    if not words or words[0] not in _PLANNED:
        raise CannotExplainError(
            f"PostgreSQL makes no plan for {words[0] if words else 'an empty statement'}."
        )
    return words


def _query_of(words: list[str]) -> list[str]:
    if words[:1] == ["DECLARE"] and "FOR" in words:
        return words[words.index("FOR") + 1 :]
    if words[:2] == ["COPY", "("]:
        return words[2 : _end_of_bracket(words, 1)]
    return words


def _end_of_bracket(words: Sequence[str], start: int) -> int:
    depth = 0
    for position in range(start, len(words)):
        depth += (words[position] == "(") - (words[position] == ")")
        if depth == 0:
            return position
    return len(words)


def _without_modifiers(words: list[str]) -> list[str]:
    kept: list[str] = []
    position = 0
    while position < len(words):
        kept.append(words[position])
        position += 1
        if kept[-2:-1] in (["::"], ["AS"]):
            lengths = [len(each) for each in _MODIFIERS if words[position : position + len(each)] == each]
            position += sum(lengths)
    return kept


def preparable(words: Sequence[str], guess: Guess = Guess.NOTHING) -> Preparable:
    """The statement with a parameter for each value."""
    written: list[str] = []
    parameters = 0
    is_summand = [False]
    for before, word, after in zip([None, *words], words, [*words[1:], None], strict=False):
        if word == "CASE":
            is_summand.append(before in _ARITHMETIC)
        elif word == "END" and len(is_summand) > 1:
            is_summand.pop()
        if word != VALUE or (_ends_operand(before) and _begins_operand(after)):
            written.append(word)
            continue
        parameters += 1
        is_number = before in _BEFORE_GUESSED[guess] and (is_summand[-1] or before not in _OF_CASE)
        if before in _TYPES:
            written[-1] = f"CAST(${parameters} AS {before})"
        else:
            written.append(f"${parameters}::bigint" if is_number and after != "::" else f"${parameters}")
    return Preparable(joined(written), parameters)


def _ends_operand(word: str | None) -> bool:
    """Whether '?' behind it is an operator, as jsonb has one of this name."""
    if word is None or word in KEYWORDS or word in _TYPES:
        return False
    return word in {")", "]", VALUE} or word[-1] in '_"$' or word[-1].isalnum()


def _begins_operand(word: str | None) -> bool:
    if word is None or word in _BEGIN_OPERANDS:
        return word is not None
    return word not in KEYWORDS and (word[0] in '_"' or word[0].isalpha())
