"""Who looks after a finding, and until when: the form and what it sends."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from clinical_engine.profiling.findings import LATEST_DUE, owners
from clinical_engine.profiling.models import Finding

_NOTE_LENGTH = 2_000
_NOBODY = "Nobody yet"
_LONGEST_VERSION, _NO_VERSION = 10, -1


class AssignForm(forms.Form):
    """Owner, note and due date of one finding."""

    owner = forms.ModelChoiceField(
        owners(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label=_NOBODY,
    )
    due_on = forms.DateField(
        label="Due",
        widget=forms.DateInput(attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}, format="%Y-%m-%d"),
        help_text=f"By when it is decided what becomes of it: {LATEST_DUE.days} days from today at most.",
    )
    note = forms.CharField(
        required=False,
        max_length=_NOTE_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "maxlength": _NOTE_LENGTH}),
        help_text="What is known and what is planned. Name tickets and causes, never a patient.",
    )

    version = forms.Field(required=False, widget=forms.HiddenInput)
    """The version that was on the screen. A form without one is of a page that knew of none, when nobody had saved anything yet."""

    def __init__(
        self, finding: Finding, data: Mapping[str, Any] | None = None, names: Sequence[tuple[int, str]] = ()
    ) -> None:
        initial = {"owner": finding.owner_id, "due_on": finding.due_on, "note": finding.note}
        initial |= {"version": finding.version}
        # Several stand on one page: each field has an id of its own.
        super().__init__(data, initial=initial, auto_id=f"id_finding_{finding.pk}_%s")
        if names:
            # Several forms on one page would each ask for the same accounts.
            self.fields["owner"].choices = [("", _NOBODY), *names]  # type: ignore[attr-defined]

    def clean_version(self) -> int:
        """As a number; of what is none, one that no finding has."""
        sent = str(self.cleaned_data["version"] or 0)
        return int(sent) if sent.isdecimal() and len(sent) < _LONGEST_VERSION else _NO_VERSION


def names_of_owners() -> Sequence[tuple[int, str]]:
    """The accounts that may look after findings, as forms offer them; one query."""
    return list(owners().values_list("pk", "username"))
