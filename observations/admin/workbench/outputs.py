"""The rows of a version's outputs."""

from collections.abc import Iterable, Mapping
from typing import Any

from observations.admin.workbench.rows import NameField, RowForm, Rows, SelectField, WordField
from observations.admin.workbench.suggestions import COMPUTED
from observations.engine.limits import MAX_FIELDS
from observations.scripts.declarations import OutputKind

_KINDS = [
    (OutputKind.NUMBER.value, "A number"),
    (OutputKind.BOOLEAN.value, "True or false"),
    (OutputKind.CODED.value, "One of several answers"),
    (OutputKind.TEXT.value, "A text"),
    (OutputKind.INTERPRETATION.value, "The interpretation: normal, abnormal or critical"),
]


class OutputForm(RowForm):
    """A field of the result, and what it is filed under. A result that is one value has the one field `result`."""

    name = NameField(attrs={"data-output-name": ""})
    kind = SelectField("Is", _KINDS)
    code = WordField("Code", suggested=COMPUTED, help_text="What it is filed under.", attrs={"data-code": ""})
    unit = WordField("Unit (UCUM)", attrs={"data-unit": ""})
    answers = WordField("Answers", help_text="The codes that it may be, with commas between them.")

    def stored(self) -> dict[str, Any]:
        """Without what holds anyway."""
        said = self.cleaned_data
        answers = [answer.strip() for answer in said["answers"].split(",") if answer.strip()]
        kind = said["kind"] or OutputKind.NUMBER.value
        row = {"kind": kind, "code": said["code"], "unit": said["unit"], "answers": answers}
        return {name: value for name, value in row.items() if value and value != OutputKind.NUMBER.value}


class OutputRows(Rows):
    """The rows of the outputs: `OutputRows(request.POST or None, version.outputs)`, and `stored()` once it is valid."""

    form = OutputForm
    max_num = MAX_FIELDS
    PATH = "outputs"
    ONE = "output"

    @classmethod
    def initial_of(cls, stored: Any) -> Iterable[Mapping[str, Any]]:  # noqa: ANN401 - JSON
        """A row for each field."""
        return [
            {**declared, "name": name, "answers": ", ".join(declared.get("answers", ()))}
            for name, declared in stored.items()
        ]
