"""Fields of rows: a length of time, a value, and pairs with a line for each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from observations.admin.workbench.notation import NAME, plain_value_of, text_of, value_of

_UNITS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_USUAL_UNIT = "hours"
# Ten years in seconds, and more than enough: what is too long for a window its declaration says.
_MOST = 1_000_000_000


class DurationWidget(forms.MultiWidget):
    """A number, and the unit that it counts."""

    def __init__(self) -> None:
        units = [(unit, unit) for unit in _UNITS]
        number = UnfoldAdminIntegerFieldWidget(attrs={"min": 1, "aria-label": "number"})
        super().__init__([number, UnfoldAdminSelectWidget(choices=units, attrs={"aria-label": "unit"})])

    def decompress(self, value: int | None) -> list[object]:
        """Seconds in the largest unit that they are a multiple of."""
        if not value:
            return [None, _USUAL_UNIT]
        unit = next(unit for unit, seconds in _UNITS.items() if value % seconds == 0)
        return [value // _UNITS[unit], unit]


class DurationField(forms.MultiValueField):
    """A length of time in whole seconds; None when it is left out."""

    def __init__(self, *, label: str, help_text: str = "") -> None:
        super().__init__(
            [
                forms.IntegerField(min_value=1, max_value=_MOST, required=False),
                forms.ChoiceField(choices=[(unit, unit) for unit in _UNITS], required=False),
            ],
            label=label,
            help_text=help_text,
            required=False,
            require_all_fields=False,
            widget=DurationWidget(),
        )

    def has_changed(self, initial: Any, data: Any) -> bool:  # noqa: ANN401 - Django's signature
        """A unit without a number says nothing."""
        return super().has_changed(self.widget.decompress(initial), data)

    def compress(self, data_list: Sequence[Any]) -> int | None:
        """The seconds."""
        if not data_list or not data_list[0]:
            return None
        number, unit = data_list
        return int(number) * _UNITS[unit or _USUAL_UNIT]


class PlainValueField(forms.CharField):
    """A number, True or False, or a text in quotes; None when it is left out. Its initial value is the text of one."""

    def __init__(self, *, label: str, help_text: str = "") -> None:
        super().__init__(
            label=label, help_text=help_text, required=False, widget=UnfoldAdminTextInputWidget()
        )

    def clean(self, value: Any) -> bool | float | str | None:  # noqa: ANN401 - Django's signature
        """The value."""
        text = super().clean(value)
        return plain_value_of(text) if text else None


class PairsField(forms.CharField):
    """Lines `name = value`, as a mapping; empty lines count for nothing. `parse` and `write` are for what stands behind the =."""

    def __init__(
        self,
        *,
        label: str,
        help_text: str = "",
        parse: Callable[[str], object] = value_of,
        write: Callable[[object], str] = text_of,
        attrs: Mapping[str, str] | None = None,
    ) -> None:
        shown = {"rows": 3, "spellcheck": "false", **(attrs or {})}
        super().__init__(
            label=label, help_text=help_text, required=False, widget=UnfoldAdminTextareaWidget(attrs=shown)
        )
        self.parse, self.write = parse, write

    def clean(self, value: Any) -> dict[str, object]:  # noqa: ANN401 - Django's signature
        """The mapping. Raises ValidationError that names each line which is no pair."""
        pairs: dict[str, object] = {}
        errors = []
        for line in filter(None, map(str.strip, super().clean(value).splitlines())):
            name, equals, text = map(str.strip, line.partition("="))
            try:
                if not equals or not NAME.fullmatch(name):
                    raise ValidationError("Write a name, = and its value.")  # noqa: TRY301 - collected with the others
                if name in pairs:
                    raise ValidationError("It is there twice.")  # noqa: TRY301
                pairs[name] = self.parse(text)
            except ValidationError as error:
                errors += [f"{name if equals else line[:60]}: {message}" for message in error.messages]
        if errors:
            raise ValidationError(errors)
        return pairs

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - Django's signature
        """Pairs as lines; what was typed stays as it is."""
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{name} = {self.write(one)}" for name, one in value.items())
