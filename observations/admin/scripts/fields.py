"""Since when something is to be in force."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from observations.models import ObservationScript
from patients.admin.by_hand.fields import ClockTimeField

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_FARTHEST = timedelta(days=3_660)


class EffectiveFromField(ClockTimeField):
    """A time of the script's zone, be it past or to come: from 1900 on, and at most ten years ahead."""

    def __init__(self, script: ObservationScript, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        zone = zone_of(script)
        text = f"As the clocks show it in {zone.key}. It may be past: then it replaces what was in force from that time on."
        super().__init__(zone=zone, **{"label": "In force from", "help_text": text, **kwargs})

    def validate(self, value: datetime | None) -> None:
        """Raise ValidationError for what is too long ago, or too far ahead."""
        forms.Field.validate(self, value)
        if value is not None and not EARLIEST <= value <= timezone.now() + _FARTHEST:
            raise ValidationError("From 1900 on, and at most ten years ahead.")


def time_in(text: str) -> datetime | None:
    """A time as an address of ours names it: with its zone, and in years that every zone's clocks can show; None for all else."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo and EARLIEST <= time < _LATEST else None


def zone_of(script: ObservationScript) -> ZoneInfo:
    """The zone in which the script's times are shown: its organisation's, or UTC for a script of all."""
    return ZoneInfo("UTC") if script.organisation is None else script.organisation.zone
