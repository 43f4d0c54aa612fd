"""Values, as they go in and out."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

SINGLE = [{"type": "number"}, {"type": "boolean"}, {"type": "string"}]


@extend_schema_field({"oneOf": SINGLE, "example": 104.5})
class ValueField(serializers.Field[Any, Any, Any, Any]):
    """A number, a boolean or a text."""


VALUE_HELP = "A JSON number, true or false, the code of an answer or a text, as the code asks"
UNIT_HELP = "UCUM; for numbers only, one that the catalogue has for the code"
