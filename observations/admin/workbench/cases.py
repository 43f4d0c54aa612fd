"""The rows of a version's test cases."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from observations.admin.workbench.fields import PairsField
from observations.admin.workbench.rows import RowForm, Rows
from observations.scripts.testing import MAX_CASES


class CaseForm(RowForm):
    """A test case: the inputs as the script sees them, and the result or why there is none. `outcome` is what it gave."""

    outcome: object = None
    name = forms.CharField(
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"aria-label": "Name"}),
    )
    inputs = PairsField(
        label="Inputs",
        help_text="name = value, one on a line.",
        attrs={"data-case": "inputs", "aria-label": "Inputs"},
    )
    expected = PairsField(
        label="Expected",
        help_text="field = value, one on a line.",
        attrs={"data-case": "expected", "aria-label": "Expected"},
    )
    is_not_computable = forms.BooleanField(
        label="Not computable",
        required=False,
        widget=UnfoldBooleanWidget(attrs={"aria-label": "Not computable"}),
    )
    because = forms.CharField(
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "any reason", "aria-label": "Because"}),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a case that expects nothing, or both."""
        said = self.cleaned_data
        is_without_result = said.get("is_not_computable") or bool(said.get("because"))
        if is_without_result and said.get("expected"):
            self.add_error(None, "Expect values, or that it is not computable; not both.")
        elif not is_without_result and not said.get("expected") and "expected" not in self.errors:
            self.add_error(None, "Say what it expects.")
        return said

    def stored(self) -> dict[str, Any]:
        """The case with its name, if it has one."""
        said = self.cleaned_data
        case = {"name": said["name"]} if said["name"] else {}
        case["inputs"] = said["inputs"]
        if said["expected"]:
            return case | {"expected": said["expected"]}
        return case | {"not_computable": said["because"] or True}


class CaseRows(Rows):
    """The rows of the test cases: `CaseRows(request.POST or None, version.cases)`, and `stored()` once it is valid."""

    form = CaseForm
    max_num = MAX_CASES
    PATH = "test_cases"
    ONE = "test case"

    @classmethod
    def initial_of(cls, stored: Any) -> Iterable[Mapping[str, Any]]:  # noqa: ANN401 - JSON
        """A row for each case."""
        return map(_row_of, stored)

    def stored(self) -> Any:  # noqa: ANN401 - JSON
        """The cases in their order."""
        return [form.stored() for form in self.kept()]

    def by_name(self) -> Mapping[str, RowForm]:
        """By their number, from 1."""
        return {str(number): form for number, form in enumerate(self.kept(), 1)}

    def clean(self) -> None:
        """Two cases may have the same name, or none."""

    def show(self, outcomes: Mapping[int, object]) -> None:
        """Show at each row what became of its case, by the row's number."""
        for form in self.forms:
            form.outcome = outcomes.get(form.number)


def _row_of(case: Mapping[str, Any]) -> Mapping[str, Any]:
    reason = case.get("not_computable")
    return {
        "name": case.get("name", ""),
        "inputs": case.get("inputs", {}),
        "expected": case.get("expected", {}),
        "is_not_computable": bool(reason),
        "because": reason if isinstance(reason, str) else "",
    }
