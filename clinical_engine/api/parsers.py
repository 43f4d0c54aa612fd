"""Request bodies, bounded before they are read."""

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from clinical_engine.api.duplicate_keys import refusal_of_repeated_key
from clinical_engine.common.errors import Refusal, RefusedError

SMALL_BODY = 64 * 1024
BULK_BODY = 2 * 1024 * 1024
# 10,000 statements with ids of 128 characters that take four bytes each.
BATCH_BODY = 16 * 1024 * 1024
# How much of a body that is too large is still read, and thrown away: what stays unread spoils the connection for the client's
# next request. One that is larger still loses its connection.
DRAINED = 32 * 1024 * 1024
CHUNK = 64 * 1024
# A header without a value says that nothing was done to the body.
_UNCOMPRESSED = {"", "identity"}


class _BoundedParser(BaseParser):
    media_type = "application/json"
    limit = SMALL_BODY

    def read(self, stream: IO[bytes], parser_context: Mapping[str, Any] | None) -> bytes:
        # One byte more than allowed tells a full body from one that is too large, whatever its header said.
        body = stream.read(self.limit + 1)
        if len(body) > self.limit:
            _drain(stream)
            raise RequestDataTooBig
        # After the body, as everything that refuses: what stays unread spoils the connection for the client's next request.
        headers = parser_context["request"].META if parser_context else {}
        if headers.get("HTTP_CONTENT_ENCODING", "").strip().lower() not in _UNCOMPRESSED:
            raise RefusedError(Refusal("body", "compressed", "Must be sent without compression."))
        return body


def _drain(stream: IO[bytes]) -> None:
    for _ in range(DRAINED // CHUNK):
        if not stream.read(CHUNK):
            return


class SmallJSONParser(_BoundedParser):
    """JSON of at most 64 KB, decoded.

    Raises RequestDataTooBig, ParseError, or RefusedError when it is compressed, nested too deeply or has a key twice.
    """

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - the framework's signature
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - any JSON
        """The decoded body."""
        body = self.read(stream, parser_context)
        try:
            decoded = msgspec.json.decode(body)
        except RecursionError as error:
            raise RefusedError(Refusal("body", "invalid", "Is nested too deeply.")) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ParseError from error
        if (refusal := refusal_of_repeated_key(body)) is not None:
            raise RefusedError(refusal)
        return decoded


class BulkBytesParser(_BoundedParser):
    """The bytes of a JSON body of at most 2 MB, for a view that decodes it item by item.

    Raises RequestDataTooBig, or RefusedError when it is compressed.
    """

    limit = BULK_BODY

    def parse(  # type: ignore[override]  # the stubs know only parsers that decode
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - the framework's signature
        parser_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The body as it was sent."""
        return self.read(stream, parser_context)


class BatchBytesParser(BulkBytesParser):
    """As `BulkBytesParser`, of at most 16 MB."""

    limit = BATCH_BODY
