"""A payload as a person writes it: JSON, with a sentence for whatever PostgreSQL or the ledger would refuse."""

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any, NoReturn

from clinical_engine.common.errors import Refusal, RefusedError
from clinical_engine.jobs import ledger
from clinical_engine.jobs.registry import MAX_PAYLOAD_BYTES

FIELD = "text"


def shown(payload: object) -> str:
    """The payload as a person reads and edits it."""
    return json.dumps(payload, indent=2, ensure_ascii=False)


def to_edit(payload: object) -> str:
    """The payload as a person begins to edit it: as `shown`, unless its indents alone would make it too large to be saved."""
    text = shown(payload)
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")) if _is_too_large(text) else text


def same(one: object, other: object) -> bool:
    """Whether two payloads are the same JSON; Python would call 1, 1.0 and true the same."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def parse(text: str) -> Any:  # noqa: ANN401 - whatever was written
    """The payload that the text writes. Raises RefusedError, with line and column of a syntax error, and for more than 64 KB."""
    # A browser sends two characters for the end of a line, and counts one.
    text = text.replace("\r\n", "\n")
    if _is_too_large(text):
        raise _too_large()
    try:
        return json.loads(
            text, object_pairs_hook=_without_repeats, parse_float=_finite, parse_constant=_no_number
        )
    except json.JSONDecodeError as error:
        raise refused(
            "syntax", f"This is no JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise refused("depth", "The payload is nested too deeply.") from None
    except ValueError:
        raise refused("number", "The payload has a number with too many digits.") from None


def encoded(payload: object) -> str:
    """The payload as it is stored. Raises RefusedError for one that is no object, too large, or has characters that cannot be."""
    if not isinstance(payload, dict):
        raise refused("not_an_object", "A payload is an object: it begins with { and ends with }.")
    try:
        text = ledger.encode_payload(payload)
        # Half a surrogate pair is JSON, and no text.
        json.dumps(payload, ensure_ascii=False).encode()
        storable = not _has_zero(payload)
    except UnicodeEncodeError:
        storable = False
    except RecursionError:
        raise refused("depth", "The payload is nested too deeply.") from None
    except ValueError:
        raise _too_large() from None
    if not storable:
        raise refused("character", "The payload has a character that cannot be stored.")
    return text


def refused(code: str, message: str) -> RefusedError:
    """Why the text cannot be saved."""
    return RefusedError(Refusal(FIELD, code, message))


def _is_too_large(text: str) -> bool:
    return len(text.encode(errors="surrogatepass")) > MAX_PAYLOAD_BYTES


def _too_large() -> RefusedError:
    limit = MAX_PAYLOAD_BYTES // 1024
    return refused("size", f"The payload is too large: {limit} KB at most, ids and parameters only.")


def _without_repeats(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    # Python would keep the last one without a word, and the person who wrote both would not know which counts.
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise refused("repeated", f"The field {name} stands twice in one object.")
        found[name] = value
    return found


def _finite(text: str) -> float:
    if not isfinite(number := float(text)):
        raise refused("number", "The payload has a number that is too large.")
    return number


def _no_number(text: str) -> NoReturn:
    raise refused("number", f"{text} is no number in JSON.")


def _has_zero(value: object) -> bool:
    """Whether a text anywhere in the value holds the character U+0000, which PostgreSQL stores in no text."""
    if isinstance(value, dict):
        return any(map(_has_zero, value)) or any(map(_has_zero, value.values()))
    if isinstance(value, list):
        return any(map(_has_zero, value))
    return isinstance(value, str) and "\0" in value
