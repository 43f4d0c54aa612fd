"""What the lines of a file say: readings, or why there is none."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from clinical_engine.common.errors import Refusal
from clinical_engine.common.lines import LineForm
from clinical_engine.common.lines.csv import fault_of_quotes, values_of
from observations.api.decoding import DecodedItem, decode_line
from observations.catalogue import Catalogue
from observations.models import ValueKind
from observations.readings import Reading, Unread
from patients.validation import refusals_of_text

# What JSON takes for one (RFC 8259, section 6), so that no line means what the API would refuse.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_TEXT = Refusal("item", "not_text", "Must be text in UTF-8.")
_NOT_A_NUMBER = Refusal(
    "value",
    "not_a_number",
    "Must be a number such as 7.5, with a point, digits on both sides of it, no plus and no zero in front.",
)
_NOT_COMPONENTS = Refusal(
    "components",
    "not_json",
    'Must be a list in JSON, such as [{"code": "8480-6", "value": 120, "unit": "mm[Hg]"}].',
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, by its number there; `client_id` where it can be read and is one, else ''."""

    number: int
    client_id: str
    reading: Reading | Unread


class LineReader:
    """Reads the lines of files of one form; `columns` are those of a CSV.

    A CSV has nothing but texts: whether one is a number, or yes or no, the catalogue says by the line's code.
    """

    def __init__(self, form: LineForm, columns: Sequence[str], codes: Catalogue) -> None:
        self._form, self._columns, self._codes = form, columns, codes

    def read(self, number: int, content: str | None) -> Line:
        """What the line of that number says; `content` None is a line that is no text."""
        said = self._said(content)
        client_id = said.client_id or ""
        # Of what is no client id nothing is kept.
        return Line(number, "" if refusals_of_text("client_id", client_id) else client_id, said.reading)

    def _said(self, content: str | None) -> DecodedItem:
        if content is None:
            return DecodedItem(None, Unread(_NOT_TEXT))
        if self._form is LineForm.NDJSON:
            return decode_line(content.encode())
        values = values_of(content.encode()) or ()
        if len(values) != len(self._columns):
            wanted = (
                f"Must be {len(self._columns)} values with commas between, none of them over a line's end."
            )
            # There may be as many: a number that is right would be told to be wrong.
            return DecodedItem(None, Unread(Refusal("item", "not_csv", fault_of_quotes(content) or wanted)))
        return self._of_values({name: text for name, text in zip(self._columns, values, strict=True) if text})

    def _of_values(self, given: Mapping[str, str]) -> DecodedItem:
        """The reading of a line of a CSV: the same item as elsewhere, whose texts become what they stand for."""
        item: dict[str, str | msgspec.Raw] = dict(given)
        try:
            if "value" in given:
                item["value"] = self._value(given["value"], given.get("code", ""))
            if "components" in given:
                item["components"] = _json(given["components"])
        except _NotReadableError as error:
            return DecodedItem(given.get("client_id"), Unread(error.refusal, given.get("code", "")))
        return decode_line(msgspec.json.encode(item))

    def _value(self, text: str, code: str) -> str | msgspec.Raw:
        entry = self._codes.measurable(code)
        kind = None if entry is None else entry.kind
        if kind == ValueKind.QUANTITY:
            return _number(text)
        if kind == ValueKind.BOOLEAN and text.lower() in {"true", "false"}:
            return msgspec.Raw(text.lower().encode())
        return text


class _NotReadableError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


def _number(text: str) -> msgspec.Raw:
    if not _NUMBER.fullmatch(text):
        raise _NotReadableError(_NOT_A_NUMBER)
    return msgspec.Raw(text.encode())


def _json(text: str) -> msgspec.Raw:
    try:
        # One whole list: anything less, put between the other fields, could be read as some of those.
        msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        raise _NotReadableError(_NOT_COMPONENTS) from None
    return msgspec.Raw(text.encode())
