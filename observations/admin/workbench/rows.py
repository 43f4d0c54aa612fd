"""Sets of rows: what they have in common."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.validators import RegexValidator
from django.forms.formsets import DELETION_FIELD_NAME, BaseFormSet
from django.forms.renderers import get_default_renderer
from django.forms.widgets import Script
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from clinical_engine.common.errors import Refusal
from observations.admin.workbench.notation import NAME


class NameField(forms.CharField):
    """What an input or a field of the result is called in the source."""

    def __init__(self, *, attrs: Mapping[str, Any] | None = None) -> None:
        message = "Up to 60 letters a to z, digits and _, a letter first."
        super().__init__(
            validators=[RegexValidator(rf"\A{NAME.pattern}\Z", message)],
            widget=UnfoldAdminTextInputWidget(attrs={"spellcheck": "false", **(attrs or {})}),
        )


class WordField(forms.CharField):
    """A word or a few, typed or taken from the list `suggested` of the page."""

    def __init__(
        self, label: str, *, suggested: str = "", help_text: str = "", attrs: Mapping[str, str] | None = None
    ) -> None:
        shown = {"autocomplete": "off", "spellcheck": "false", **(attrs or {})}
        if suggested:
            shown["list"] = suggested
        super().__init__(
            label=label,
            required=False,
            max_length=200,
            help_text=help_text,
            widget=UnfoldAdminTextInputWidget(attrs=shown),
        )


class SelectField(forms.ChoiceField):
    """One of a few, the first unless another is chosen."""

    def __init__(self, label: str, choices: Sequence[tuple[str, str]], *, help_text: str = "") -> None:
        super().__init__(
            label=label,
            choices=choices,
            required=False,
            initial=choices[0][0],
            help_text=help_text,
            widget=UnfoldAdminSelectWidget(),
        )


class RowForm(forms.Form):
    """A row. Its fields are called as the keys of what it is stored as."""

    @property
    def number(self) -> int:
        """Its place in the set, from 0; those that were removed count, too."""
        return int(str(self.prefix).rpartition("-")[2])

    def stored(self) -> dict[str, Any]:
        """The row as it is stored, without its name."""
        raise NotImplementedError

    def refuse(self, field: str, message: str) -> None:
        """Show a message beside the field, or above the row when it has no such field."""
        self.add_error(field if field in self.fields else None, message)

    class Media:
        css = {"all": ["observations/editor/rows.css"]}
        js = [
            Script(f"observations/editor/{file}", defer=True)
            for file in ("rows.js", "applying.js", "cases.js", "trying.js", "refused.js")
        ]


class Rows(BaseFormSet):  # type: ignore[type-arg]  # it takes none at run time
    """Rows that are added and removed. `PATH` is how the service's refusals call them, `ONE` what people call one of them."""

    PATH: ClassVar[str]
    ONE: ClassVar[str]

    extra = 1  # for who has no JavaScript
    min_num = 0
    absolute_max = 2_000
    can_order = validate_min = edit_only = False
    can_delete = can_delete_extra = validate_max = True
    renderer = get_default_renderer()

    def __init__(self, data: Mapping[str, Any] | None, stored: Any) -> None:  # noqa: ANN401 - JSON
        # What was sent says itself which rows there were: what is stored may have changed meanwhile.
        initial = [*self.initial_of(stored)] if data is None else None
        super().__init__(data, prefix=self.PATH, initial=initial)

    @classmethod
    def initial_of(cls, stored: Any) -> Iterable[Mapping[str, Any]]:  # noqa: ANN401 - JSON
        """What the rows show of what is stored."""
        raise NotImplementedError

    def add_fields(self, form: RowForm, index: int | None) -> None:
        """With the box that removes the row."""
        super().add_fields(form, index)
        form.fields[DELETION_FIELD_NAME] = forms.BooleanField(
            label="Remove", required=False, widget=UnfoldBooleanWidget(attrs={"aria-label": "Remove"})
        )

    def kept(self) -> list[RowForm]:
        """The rows that say something and are not removed, in their order, once the rows are valid."""
        return [
            form
            for number, form in enumerate(self.forms)
            if not form.cleaned_data.get(DELETION_FIELD_NAME)
            and (number < self.initial_form_count() or form.has_changed())
        ]

    def wrong(self) -> list[RowForm]:
        """The rows that are not removed and have something to be mended."""
        return [form for form in self.forms if form.errors and not form.cleaned_data.get(DELETION_FIELD_NAME)]

    def stored(self) -> Any:  # noqa: ANN401 - JSON
        """The rows as they are stored, once they are valid."""
        return {name: form.stored() for name, form in self.by_name().items()}

    def by_name(self) -> Mapping[str, RowForm]:
        """The rows that are kept, by what the service's refusals call each."""
        return {form.cleaned_data["name"]: form for form in self.kept()}

    def clean(self) -> None:
        """Refuse a name that two rows have."""
        named = [form for form in self.kept() if form.cleaned_data.get("name")]
        counts = Counter(form.cleaned_data["name"] for form in named)
        for form in named:
            if counts[form.cleaned_data["name"]] > 1:
                form.add_error("name", "Another row is called the same.")

    def refuse(self, refusals: Iterable[Refusal]) -> list[Refusal]:
        """Show each refusal at its row, or above the rows when it is about no single one; those of other things come back."""
        rows, others = self.by_name(), []
        for refusal in refusals:
            path, _, rest = refusal.field.partition(".")
            name, _, field = rest.partition(".")
            if path != self.PATH:
                others.append(refusal)
            elif name in rows:
                rows[name].refuse(field, refusal.message)
            else:
                self.non_form_errors().append(refusal.message)
        return others
