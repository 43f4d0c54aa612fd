"""Serializer fields that are stricter than the framework's."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from clinical_engine.common.clock import LARGEST_OFFSET


class InstantField(serializers.DateTimeField):
    """A time with its zone. The framework's own field would silently read a time without one as UTC."""

    default_error_messages = {
        "time_zone_missing": "Must have a time zone, such as 2026-01-31T08:00:00+01:00.",
        "no_such_offset": "Must have an offset between -14:00 and +14:00.",
        "not_text": "Must be a text such as 2026-01-31T08:00:00+01:00.",
    }

    def to_internal_value(self, value: Any) -> datetime:  # noqa: ANN401 - whatever was sent
        """The instant. Raises ValidationError for anything but an ISO 8601 text with a zone."""
        if not isinstance(value, str):
            self.fail("not_text")
        return super().to_internal_value(value)

    def enforce_timezone(self, value: datetime) -> datetime:
        """Refuse a time without a zone instead of assuming one; keep the offset as sent."""
        offset = value.utcoffset()
        if offset is None:
            self.fail("time_zone_missing")
        if abs(offset) > LARGEST_OFFSET:
            self.fail("no_such_offset")
        return value


class IdentifierField(serializers.CharField):
    """A text that names something: taken as it is, never a number turned into one."""

    default_error_messages = {"not_text": "Must be a text."}

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - the framework's signature
        super().__init__(**{"trim_whitespace": False, "max_length": 128, **kwargs})

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401 - whatever was sent
        """The text. Raises ValidationError for anything else."""
        if not isinstance(data, str):
            self.fail("not_text")
        return super().to_internal_value(data)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not have: who sends a misspelt one must not believe that it was understood."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401 - whatever was sent
        """The fields' values. Raises ValidationError, which names every field that is unknown."""
        if isinstance(data, Mapping) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError(
                {name[:128]: "There is no such field." for name in sorted(unknown)}
            )
        return super().to_internal_value(data)
