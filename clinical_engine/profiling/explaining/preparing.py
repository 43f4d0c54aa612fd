"""Making a statement of a shape again, one that PostgreSQL can plan: with a parameter where a value was."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from clinical_engine.profiling.explaining.errors import CannotExplainError
from clinical_engine.profiling.fingerprints import CUT, NOT_SQL, OTHER
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
_SIGNS = (["+"], ["-"])
_OF_CASE = {"THEN", "ELSE"}
_NOW = {"now", "statement_timestamp", "transaction_timestamp", "clock_timestamp"}


class Guess(Enum):
    """Which values are no texts, where PostgreSQL takes them for some, or cannot tell, because nothing says otherwise."""

    NOTHING = auto()
    SPANS = auto()
    """What is added to the time that it is now, or taken from it, is a stretch of time; here and in all that follow."""
    DAYS = auto()
    """Whatever else is added or taken away is a whole number: a date may have a number of days, or times, added to it."""
    SUMMANDS = auto()
    """The results of a CASE that is added to something are numbers."""
    COLUMNS = auto()
    """Those as well, and columns of a query that are nothing but a value."""
    ID = auto()
    """The first column of a query that is nothing but a value is a UUID, the same for all rows that are written."""


_NUMBERS_AFTER: dict[Guess, set[str | None]] = {
    Guess.NOTHING: set(),
    Guess.SPANS: set(),
    Guess.DAYS: set(),
    Guess.SUMMANDS: {*_OF_CASE},
    Guess.COLUMNS: {*_OF_CASE, "SELECT", ","},
    Guess.ID: set(),
}


@dataclass(frozen=True, slots=True)
class Preparable:
    """What PREPARE takes, and how many parameters it has."""

    text: str
    parameters: int


def words_of(shape: str) -> list[str]:
    """The words of what is to be planned: of a cursor or of COPY their query. Raises CannotExplainError."""
    if shape in {NOT_SQL, OTHER}:
        raise CannotExplainError("It stands for many statements, whose texts are not kept.")
    words = _without_modifiers(tokens_of(shape))
    if words[-1:] == [CUT]:
        raise CannotExplainError("The statement is too long: only its beginning was kept.")
    if ";" in words:
        raise CannotExplainError("These are several statements in one.")
    words = _query_of(words)
    if not words or words[0] not in _PLANNED:
        raise CannotExplainError(
            f"PostgreSQL makes no plan for {words[0].upper() if words else 'an empty statement'}."
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
    for position, word in enumerate(words):
        before = words[position - 1] if position else None
        after = words[position + 1] if position + 1 < len(words) else None
        if word == "CASE":
            is_summand.append(before in _ARITHMETIC)
        elif word == "END" and len(is_summand) > 1:
            is_summand.pop()
        if word != VALUE or (_ends_operand(before) and _begins_operand(after)):
            written.append(word)
            continue
        parameters += 1
        if before in _TYPES:
            written[-1] = f"CAST(${parameters} AS {before})"
        else:
            kind = "" if after == "::" else _type(words[max(position - 4, 0) : position], guess)
            if kind == "::bigint" and before in _OF_CASE and not is_summand[-1]:
                kind = ""
            written.append(f"${parameters}{kind}")
    return Preparable(joined(written), parameters)


def _type(before: Sequence[str], guess: Guess) -> str:
    """What a value behind these words, of which four matter, is cast to."""
    if guess is not Guess.NOTHING and _is_span(before):
        return "::interval"
    if guess is Guess.DAYS and before[-1:] in _SIGNS:
        return "::integer"
    if guess is Guess.ID and before[-1:] == ["SELECT"]:
        return "::uuid"
    return "::bigint" if (before[-1] if before else None) in _NUMBERS_AFTER[guess] else ""


def _is_span(before: Sequence[str]) -> bool:
    if before[-1:] not in _SIGNS:
        return False
    return before[-2:-1] == ["CURRENT_TIMESTAMP"] or (before[1:3] == ["(", ")"] and before[0] in _NOW)


def _ends_operand(word: str | None) -> bool:
    """Whether '?' behind it is an operator, as jsonb has one of this name."""
    if word is None or word in KEYWORDS or word in _TYPES:
        return False
    return word in {")", "]", VALUE} or word[-1] in '_"$' or word[-1].isalnum()


def _begins_operand(word: str | None) -> bool:
    if word is None or word in _BEGIN_OPERANDS:
        return word is not None
    return word not in KEYWORDS and (word[0] in '_"' or word[0].isalpha())
