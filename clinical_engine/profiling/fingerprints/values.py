"""Values together with what is written around them, which does not count: casts, and the brackets of arrays.

The driver casts dates, stretches of time and the like, but not the NULL in their place, and sends a list as `ARRAY[...]`.
"""

from collections.abc import Sequence

from clinical_engine.profiling.fingerprints.lexing import VALUE
from clinical_engine.profiling.fingerprints.texts import joined

_CAST, _ARRAY = "::", "ARRAY"
# What a value of several words begins with.
_BEGINNINGS = (f"{VALUE}{_CAST}", f"{_ARRAY}[")
# Of a type's name that has several words.
_REST_OF_NAME = (["precision"], ["varying"], ["WITH", "time", "zone"], ["without", "time", "zone"])
_PRECISIONS = (["(", VALUE, ")"], ["(", VALUE, ",", VALUE, ")"])
_DIMENSIONS = (["[", "]"], ["[", VALUE, "]"])
_GOES_ON = {".", "(", "[", "precision", "varying", "WITH", "without"}
_MARKS = {_CAST, "]"}


def with_whole_values(words: list[str]) -> list[str]:
    """The words, with each value and its casts as one word, and each array of nothing but values, which has its first alone.

    The same list where there is no such value.
    """
    found: list[str] = []
    done, is_as_before = 0, True
    for mark in [at for at, word in enumerate(words) if word in _MARKS]:
        if mark < done:
            continue
        found += words[done:mark]
        done = mark
        if words[mark] == _CAST:
            if found and _is_value(found[-1]):
                done = _end_of_type(words, mark + 1)
                found[-1] += joined(words[mark:done])
                is_as_before = False
        elif begin := _beginning_of_array(found):
            found[begin:] = [f"{_ARRAY}[{found[begin + 2]}]"]
            done += 1
            is_as_before = False
    return words if is_as_before else found + words[done:]


def bared(words: Sequence[str]) -> list[str]:
    """Words of `with_whole_values`, with '?' for each value."""
    return [VALUE if "?" in word and word.startswith(_BEGINNINGS) else word for word in words]


def are_alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether these, as long as each other, differ in nothing but casts and arrays."""
    for a, b in zip(one, other, strict=True):
        if a != b and not ("?" in a and "?" in b and _is_value(a) and _is_value(b)):
            return False
    return True


def _is_value(word: str) -> bool:
    return word == VALUE or word.startswith(_BEGINNINGS)


def _beginning_of_array(words: list[str]) -> int | None:
    """Where the array begins that ends with the words, if there are only values in it. No statement begins with one."""
    at = len(words) - 1
    while at > 1 and _is_value(words[at]):
        if words[at - 1] == ",":
            at -= 2
        else:
            return at - 2 if words[at - 2 : at] == [_ARRAY, "["] else None
    return None


def _end_of_type(words: list[str], at: int) -> int:
    at += 1
    if words[at : at + 1] and words[at] not in _GOES_ON:
        # As most do.
        return at
    while words[at : at + 1] == ["."]:
        at += 2
    at = _after(words, at, _PRECISIONS)
    at = _after(words, at, _REST_OF_NAME)
    # `character varying(20)`.
    at = _after(words, at, _PRECISIONS)
    before = None
    while before != at:
        before, at = at, _after(words, at, _DIMENSIONS)
    return at


def _after(words: list[str], at: int, endings: Sequence[list[str]]) -> int:
    for each in endings:
        if words[at : at + len(each)] == each:
            return at + len(each)
    return at
