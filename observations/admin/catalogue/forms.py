"""What is asked when a code is added to the catalogue or changed."""

from collections.abc import Mapping
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff.reasons import ReasonForm
from observations.admin.catalogue.lines import AnswersField, LinesField, PartsField
from observations.catalogue.content import Content
from observations.catalogue.rules import MAX_CODE, MAX_DISPLAY
from observations.models import COMPOSED, CodeSystem, ValueKind

_FIXED = ("system", "code", "kind")
_OF_QUANTITIES = ("units", "plausible_low", "plausible_high", "molar_mass")


class NumberField(forms.DecimalField):
    """A number that may be left out, with as many digits as a reading may have."""

    def __init__(self, *, label: str, help_text: str) -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            max_digits=30,
            decimal_places=15,
            required=False,
            widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
        )


class CodeForm(ReasonForm):
    """Everything that a code says, and why it is to say it. Of a code that there is only what its kind has, and can be changed."""

    system = forms.ChoiceField(choices=CodeSystem, widget=UnfoldAdminSelectWidget)
    code = forms.CharField(
        max_length=MAX_CODE,
        widget=UnfoldAdminTextInputWidget,
        help_text="As LOINC has it, or for a code of our own small letters, digits and hyphens.",
    )
    display = forms.CharField(
        max_length=MAX_DISPLAY,
        label="Name",
        widget=UnfoldAdminTextInputWidget,
        help_text="As staff and other systems read it.",
    )
    kind = forms.ChoiceField(
        choices=ValueKind,
        label="Kind of value",
        widget=UnfoldAdminSelectWidget,
        help_text="It stays, as the code and its canonical unit do: readings will be stored by them.",
    )
    units = LinesField(
        rows=4,
        label="Units (UCUM)",
        help_text="Of a quantity, one on a line. The first is the canonical one; what is sent in the others is converted to it.",
    )
    plausible_low = NumberField(
        label="Lowest plausible value",
        help_text="In the canonical unit. What lies below is accepted, and flagged.",
    )
    plausible_high = NumberField(label="Highest plausible value", help_text="The same for what lies above.")
    molar_mass = NumberField(
        label="Molar mass",
        help_text="In g/mol, where units of mass and of amount of substance are to be converted into each other.",
    )
    answers = AnswersField(
        rows=6,
        help_text="Of a coded value, one on a line: code | text | score (where it has one). None: any answer is taken.",
    )
    parts = PartsField(
        rows=6,
        help_text=(
            "Of a value that is composed, the code of each part on a line of its own, "
            "with the word 'optional' behind it where a reading may lack it."
        ),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = (*_FIXED[:2], "display", "kind", *_OF_QUANTITIES, "answers", "parts", "reason", "seen")

    def __init__(self, data: Mapping[str, Any] | None = None, *, content: Content | None = None) -> None:
        shown = (
            {name: getattr(content, name) for name in Content.__slots__} | {"seen": content.mark}
            if content
            else {}
        )
        super().__init__(data, initial=shown)
        self.fields["reason"].widget.attrs.pop("autofocus", None)
        if content is None:
            return
        for name in _FIXED:
            self.fields[name].disabled = True
            self.fields[name].help_text = ""
        for name in _of_other_kinds(content.kind):
            del self.fields[name]

    def content(self) -> Content:
        """What the code is to say, once the form is valid."""
        answers = self.cleaned_data
        return Content(**{name: answers[name] for name in Content.__slots__ if name in answers})

    def refuse(self, error: RefusedError) -> None:
        """Show what the service refused beside its fields."""
        for refusal in error.refusals:
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.message)


def _of_other_kinds(kind: str) -> tuple[str, ...]:
    of_kinds = {
        _OF_QUANTITIES: kind == ValueKind.QUANTITY,
        ("answers",): kind == ValueKind.CODED,
        ("parts",): kind in COMPOSED,
    }
    return tuple(name for names, belongs in of_kinds.items() if not belongs for name in names)
