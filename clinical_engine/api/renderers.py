"""JSON out."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.renderers import BaseRenderer

_encode = msgspec.json.Encoder(decimal_format="number", enc_hook=str).encode


class ExactJSONRenderer(BaseRenderer):
    """JSON whose decimals are numbers with the digits that were sent; the framework's own would make them texts."""

    media_type = "application/json"
    format = "json"
    # JSON is UTF-8 by its standard and its media type has no such parameter (RFC 8259, sections 8.1 and 11).
    charset = None

    def render(
        self,
        data: Any,  # noqa: ANN401 - whatever a view answers
        accepted_media_type: str | None = None,  # noqa: ARG002 - the framework's signature
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> bytes:
        """The encoded answer; empty for None."""
        return b"" if data is None else _encode(data)
