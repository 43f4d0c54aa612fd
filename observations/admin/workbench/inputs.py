"""The rows of a version's inputs."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldBooleanWidget

from observations.admin.workbench.fields import DurationField, PairsField, PlainValueField
from observations.admin.workbench.notation import text_of
from observations.admin.workbench.rows import NameField, RowForm, Rows, SelectField, WordField
from observations.admin.workbench.suggestions import MEASURED, SCRIPTS
from observations.engine.limits import MAX_INPUTS
from observations.scripts.declarations import FACTS, FactInput, MeasurementInput, ScriptInput

_SHAPES: Final[Mapping[str, Any]] = {
    "measurement": MeasurementInput,
    "fact": FactInput,
    "script": ScriptInput,
}
_REQUIRED: Final = {"measurement": ("code",), "fact": ("fact",), "script": ("script",)}
_WHATS = [
    ("measurement", "A measurement"),
    ("fact", "A fact about the patient"),
    ("script", "Another script"),
]
_NOTHING: Final[tuple[object, ...]] = (None, "", {})
_CODE: Final = re.compile(r"\S{1,32}")
_HOWS = [
    ("latest", "The latest"),
    ("all_within", "All within the window"),
    ("first_after_activation", "The first after the activation"),
]
_MISSING = [
    ("not_computable", "The result is not computable"),
    ("none", "The script asks: is None"),
    ("default", "The default is taken"),
]


def _code_of(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValidationError("Write the code of the part.")
    return text


class InputForm(RowForm):
    """An input: a measurement, a fact about the patient, or the result of another script, and how it is read."""

    name = NameField(attrs={"data-input-name": ""})
    what = SelectField("Is", _WHATS)
    code = WordField(
        "Code", suggested=MEASURED, help_text="Type to search the catalogue.", attrs={"data-code": ""}
    )
    unit = WordField("Unit (UCUM)", help_text="Empty: the code's canonical one.", attrs={"data-unit": ""})
    fact = SelectField("Fact", [(fact, fact.replace("_", " ")) for fact in FACTS])
    script = WordField("Other script", suggested=SCRIPTS)
    output = WordField("Its output", help_text="Empty: result, the one of a script with one value.")
    how = SelectField("Which", _HOWS)
    window_seconds = DurationField(label="Window", help_text="How far back from the result.")
    stale_after_seconds = DurationField(
        label="Stale after", help_text="Older than that, it is not computable."
    )
    missing = SelectField("Without a value", _MISSING)
    default = PlainValueField(label="Default", help_text='12, True, or "text" in quotes.')
    fields_read = PairsField(
        label="Parts",
        help_text="Of a panel: name = code, one on a line.",
        parse=_code_of,
        write=str,
    )
    take = SelectField("Of an answer", [("", "Its code"), ("score", "Its score")])
    timed = forms.BooleanField(
        label="As records with their times",
        required=False,
        widget=UnfoldBooleanWidget(),
        help_text="Fields hours, day and local_hour beside value, or the parts.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse an input that does not say what it is."""
        what = self.cleaned_data.get("what") or "measurement"
        for name in _REQUIRED[what]:
            if not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, "This field is required.")
        return self.cleaned_data

    def stored(self) -> dict[str, Any]:
        """Only what an input of its sort has, and nothing that holds anyway."""
        said = {**self.cleaned_data, "fields": self.cleaned_data["fields_read"]}
        shape = _SHAPES[said["what"] or "measurement"]
        own = {name: said[name] for name in shape.__struct_fields__ if name in said}
        usual = {field.name: field.default for field in msgspec.structs.fields(shape)}
        return {name: value for name, value in own.items() if value not in (*_NOTHING, usual[name])}

    def refuse(self, field: str, message: str) -> None:
        """The same; a form has a property `fields` of its own."""
        super().refuse("fields_read" if field.partition(".")[0] == "fields" else field, message)


class InputRows(Rows):
    """The rows of the inputs: `InputRows(request.POST or None, version.declared)`, and `stored()` once it is valid."""

    form = InputForm
    max_num = MAX_INPUTS
    PATH = "inputs"
    ONE = "input"

    @classmethod
    def initial_of(cls, stored: Any) -> Iterable[Mapping[str, Any]]:  # noqa: ANN401 - JSON
        """A row for each name."""
        return [_row_of(name, declared) for name, declared in stored.items()]


def _row_of(name: str, declared: Mapping[str, Any]) -> Mapping[str, Any]:
    row = {key: value for key, value in declared.items() if key not in {"fields", "default"}}
    row |= {
        "name": name,
        "what": next((what for what in ("fact", "script") if what in declared), "measurement"),
    }
    if declared.get("default") is not None:
        row["default"] = text_of(declared["default"])
    if declared.get("fields"):
        row["fields_read"] = declared["fields"]
    return row
