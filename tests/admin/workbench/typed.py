"""What a browser sends of forms, for tests without one."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.forms import BaseForm
from django.forms.widgets import CheckboxInput

from observations.admin.workbench.forms import DraftForms
from observations.admin.workbench.rows import Rows


def sent_of_rows(rows: Rows) -> dict[str, Any]:
    return _sent(rows.management_form) | {k: v for form in rows for k, v in _sent(form).items()}


def sent_of(draft: DraftForms) -> dict[str, Any]:
    """What is sent of a draft as its page shows it."""
    return _sent(draft.text) | {k: v for rows in draft.rows for k, v in sent_of_rows(rows).items()}


def _sent(form: BaseForm) -> dict[str, Any]:
    return {name: value for field in form for name, value in _pairs(field.field.widget, field)}


def _pairs(widget: Any, field: Any) -> Iterable[tuple[str, Any]]:
    value = field.value()
    if hasattr(widget, "decompress"):
        return [(f"{field.html_name}_{at}", one or "") for at, one in enumerate(widget.decompress(value))]
    if isinstance(widget, CheckboxInput):
        return [(field.html_name, "on")] if value else []
    return [(field.html_name, "" if value is None else value)]


def row(prefix: str, number: int, fields: Mapping[str, str]) -> dict[str, str]:
    return {f"{prefix}-{number}-{name}": value for name, value in fields.items()}


def rows_of(prefix: str, *rows: Mapping[str, str]) -> dict[str, str]:
    """Rows as a browser sends them, none of them stored before."""
    sent = {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
    for number, fields in enumerate(rows):
        sent |= row(prefix, number, fields)
    return sent
