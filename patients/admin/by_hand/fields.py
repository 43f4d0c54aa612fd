"""A time typed as the clocks of a zone show it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import INPUT_CLASSES

from patients.validation import refusals_of_time


class ClockTimeField(forms.DateTimeField):
    """A past or present time of `zone`, from 1900 on; one that the zone's clocks skip or show twice is refused."""

    def __init__(self, *, zone: ZoneInfo, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        attributes = {"type": "datetime-local", "step": "1", "class": " ".join(INPUT_CLASSES)}
        super().__init__(widget=forms.TextInput(attrs=attributes), **kwargs)
        self.zone = zone

    def to_python(self, value: Any) -> datetime | None:  # noqa: ANN401 - Django's signature
        """The time, aware. Raises ValidationError for what is no time of the zone."""
        with timezone.override(self.zone):
            return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - Django's signature
        """A time as the input wants it: what the zone's clocks show; what was typed stays as it is."""
        if not isinstance(value, datetime):
            return value
        return value.astimezone(self.zone).replace(tzinfo=None).isoformat(timespec="seconds")

    def validate(self, value: datetime | None) -> None:
        """Raise ValidationError for a time that is to come, or before 1900."""
        super().validate(value)
        if value is None:
            return
        now = timezone.now()
        # The API allows for clocks that differ; here it is the engine's own clock.
        if value > now:
            raise ValidationError("Must not be in the future.")
        for refusal in refusals_of_time("effective_at", value, now):
            raise ValidationError(refusal.message)


def since_field(zone: ZoneInfo, hint: str) -> ClockTimeField:
    """Asks since when; `hint` is what to mind besides the zone."""
    return ClockTimeField(
        zone=zone,
        label="Since",
        initial=timezone.now(),
        help_text=f"As the clocks show it in {zone.key}; {hint}.",
    )
