"""What a request says of the roster in its body, before the body is read."""

from datetime import datetime
from typing import Any

from django.utils.http import parse_header_parameters
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from clinical_engine.api.fields import InstantField
from clinical_engine.api.parameters import check_parameters
from patients.rosters.reading import RosterForm

_UTF_8 = {"utf-8", "utf8", "us-ascii"}
ENCODINGS = {"": False, "identity": False, "gzip": True, "x-gzip": True}


class RosterQuerySerializer(serializers.Serializer[Any]):
    """The parameters of a roster."""

    as_of = InstantField()
    dry_run = serializers.BooleanField(default=False)


def query_of(request: Request) -> tuple[datetime, bool]:
    """`as_of` and `dry_run`. Raises ValidationError, or RefusedError for a parameter that there is not, or that comes twice.

    A misspelt `dry_run` that is passed over would unlink patients.
    """
    query = RosterQuerySerializer(data=request.query_params.dict())
    check_parameters(request.query_params, query.fields.keys())
    query.is_valid(raise_exception=True)
    return query.validated_data["as_of"], query.validated_data["dry_run"]


def form_of(request: Request) -> RosterForm:
    """The form of the body. Raises UnsupportedMediaType for any other, and for one that is not UTF-8."""
    media_type, parameters = parse_header_parameters(request.content_type or "")
    try:
        form = RosterForm(media_type)
    except ValueError:
        raise UnsupportedMediaType("") from None
    if parameters.get("charset", "utf-8").lower() not in _UTF_8:
        raise UnsupportedMediaType("")
    return form


def is_gzipped(request: Request) -> bool:
    """Whether the body is packed. Raises UnsupportedMediaType for an encoding other than gzip."""
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise UnsupportedMediaType("")
    return ENCODINGS[encoding]
