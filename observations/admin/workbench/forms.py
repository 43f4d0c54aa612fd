"""Everything that a draft says, as forms: its source, and rows of inputs, outputs and test cases."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from clinical_engine.common.errors import Refusal, RefusedError
from observations.admin.workbench.cases import CaseRows
from observations.admin.workbench.editor import ScriptEditor
from observations.admin.workbench.inputs import InputRows
from observations.admin.workbench.outputs import OutputRows
from observations.admin.workbench.rows import Rows
from observations.admin.workbench.suggestions import catalogue_for_page, suggestions
from observations.models import ScriptVersion
from observations.scripts.content import ScriptContent


class SourceForm(forms.Form):
    """The source, and what is said about the version."""

    source = forms.CharField(label="Script", required=False, strip=False, widget=ScriptEditor())
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(),
        help_text="What this version changes, and why. Never a patient.",
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def clean_seen(self) -> datetime:
        """The time. Raises ValidationError for what no page of ours sends."""
        try:
            return datetime.fromisoformat(self.cleaned_data["seen"])
        except ValueError:
            raise ValidationError("Open the draft again: what this page was made of is not known.") from None

    def clean_source(self) -> str:
        """With the line ends of the engine: a browser sends others."""
        source: str = self.cleaned_data["source"]
        return source.replace("\r\n", "\n")


class DraftForms:
    """The forms of a draft. A page shows `media` in its head, and includes `admin/observations/workbench/draft.html` in a form.

    `DraftForms(version)` shows the version; `DraftForms(version, request.POST)` what was typed. Once `is_valid()`, `content()`
    is what the draft is to say and `seen` what it was seen to say. What a service refuses then goes to `refuse`.
    """

    def __init__(self, version: ScriptVersion, data: Mapping[str, Any] | None = None) -> None:
        shown = {"source": version.source, "note": version.note, "seen": version.edited_at.isoformat()}
        self.text = SourceForm(data, initial=shown)
        self.inputs = InputRows(data, version.declared)
        self.outputs = OutputRows(data, version.outputs)
        self.cases = CaseRows(data, version.cases)
        self.others: list[str] = []

    @property
    def rows(self) -> Sequence[Rows]:
        """The sets of rows, in the order of the page."""
        return self.inputs, self.outputs, self.cases

    @property
    def media(self) -> forms.Media:
        """What the page loads."""
        media: forms.Media = self.text.media + self.inputs.media
        return media

    @property
    def suggestions(self) -> Mapping[str, Sequence[Any]]:
        """The lists that fields of rows suggest from."""
        return suggestions()

    @property
    def catalogue(self) -> Mapping[str, Any]:
        """What the page's scripts want to know of codes."""
        return catalogue_for_page()

    def is_valid(self) -> bool:
        """Whether what was typed can be given to a service."""
        # Each is asked, so that each shows what is wrong with it.
        return all([self.text.is_valid(), *(rows.is_valid() for rows in self.rows)])

    @property
    def seen(self) -> datetime:
        """When the draft that the page showed was edited last."""
        seen: datetime = self.text.cleaned_data["seen"]
        return seen

    def content(self) -> ScriptContent:
        """What the draft is to say."""
        text = self.text.cleaned_data
        said = {rows.PATH: rows.stored() for rows in self.rows}
        return ScriptContent(source=text["source"], note=text["note"], **said)

    def refuse(self, error: RefusedError) -> None:
        """Show each refusal at its row or field, and above everything what belongs to none."""
        refusals: Iterable[Refusal] = error.refusals
        for rows in self.rows:
            refusals = rows.refuse(refusals)
        for refusal in refusals:
            if refusal.field.startswith("line "):
                self.text.add_error("source", f"{refusal.field}: {refusal.message}")
            elif refusal.field in self.text.fields:
                self.text.add_error(refusal.field, refusal.message)
            else:
                self.others.append(refusal.message)
