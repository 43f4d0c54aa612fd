"""What is to be mended before a draft can be saved, each with the place of the page that tells it."""

from collections.abc import Iterator
from typing import NamedTuple

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS

from observations.admin.workbench.forms import DraftForms
from observations.admin.workbench.rows import Rows


class Obstacle(NamedTuple):
    """What is wrong, and the id of the element where it is mended; '' when there is none."""

    anchor: str
    words: str


def obstacles(draft: DraftForms) -> list[Obstacle]:
    """All that was found wrong with what was typed, once the draft was asked whether it is valid, or refused."""
    return [
        *(Obstacle("", message) for message in draft.others),
        *_of_text(draft.text),
        *(obstacle for rows in draft.rows for obstacle in _of_rows(rows)),
    ]


def _of_text(text: forms.Form) -> Iterator[Obstacle]:
    for name, messages in text.errors.items():
        field = text[name]
        for message in messages:
            if field.is_hidden:
                yield Obstacle("", str(message))
            else:
                yield Obstacle(f"at-{field.html_name}", f"{field.label}: {message}")


def _of_rows(rows: Rows) -> Iterator[Obstacle]:
    for message in rows.non_form_errors():
        yield Obstacle(f"at-{rows.prefix}", f"{rows.ONE}s: {message}")
    for form in rows.wrong():
        row = f"{rows.ONE} {form['name'].value() or form.number + 1}"
        for name, messages in form.errors.items():
            # The row, not the field: what does not apply to a row is hidden, and the fields of a case are cells of a table.
            field = row if name == NON_FIELD_ERRORS else f"{row}: {form[name].label}"
            yield from (Obstacle(f"at-{form.prefix}", f"{field}: {message}") for message in messages)
