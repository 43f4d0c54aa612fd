"""Fields with a row on each line, as a list of units or answers is typed and pasted."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

from observations.catalogue.content import Answered, Contained

_OPTIONAL = "optional"


class LinesField(forms.CharField):
    """Rows, each on a line of its own; empty lines count for nothing."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(
            required=False,
            # With the empty lines at the top cut off, an error would name another line than the one that is seen.
            strip=False,
            widget=UnfoldAdminTextareaWidget(attrs={"rows": rows, "spellcheck": "false"}),
            **kwargs,
        )

    def clean(self, value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - Django's signature
        """The rows. Raises ValidationError with the number of each line that is none."""
        rows, errors = [], []
        for number, line in enumerate(super().clean(value).splitlines(), 1):
            if not line.strip():
                continue
            try:
                rows.append(self.row_of(line.strip()))
            except ValidationError as error:
                errors += [f"Line {number}: {message}" for message in error.messages]
        if errors:
            raise ValidationError(errors)
        return tuple(rows)

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - Django's signature
        """Rows as lines; what was typed stays as it is."""
        return "\n".join(map(self.line_of, value)) if isinstance(value, tuple) else value

    def row_of(self, line: str) -> Any:  # noqa: ANN401 - of whichever field it is
        """The row that a line says. Raises ValidationError."""
        return line

    def line_of(self, row: Any) -> str:  # noqa: ANN401 - of whichever field it is
        """The line that says a row."""
        return str(row)


class AnswersField(LinesField):
    """Answers: 'code | text' or 'code | text | score'."""

    def row_of(self, line: str) -> Answered:
        """The answer. Raises ValidationError."""
        match [part.strip() for part in line.split("|")]:
            case [answer, display]:
                return Answered(answer, display)
            case [answer, display, score]:
                return Answered(answer, display, _number(score))
        raise ValidationError(
            "Must be the answer's code and its text, and its score where it has one, with | between them."
        )

    def line_of(self, row: Answered) -> str:
        """Its code, text and score."""
        columns: Sequence[object] = (row.answer, row.display, *(() if row.score is None else (row.score,)))
        return " | ".join(map(str, columns))


class PartsField(LinesField):
    """Codes, each with 'optional' behind it where a reading may lack it."""

    def row_of(self, line: str) -> Contained:
        """The part. Raises ValidationError."""
        match line.split():
            case [code]:
                return Contained(code)
            case [code, word] if word == _OPTIONAL:
                return Contained(code, is_required=False)
        raise ValidationError(
            f"Must be a code, with the word '{_OPTIONAL}' behind it where a reading may lack it."
        )

    def line_of(self, row: Contained) -> str:
        """Its code, and whether a reading may lack it."""
        return row.code if row.is_required else f"{row.code} {_OPTIONAL}"


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValidationError("The score must be a number.") from None
