"""Request bodies, bounded before they are read."""

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

SMALL_BODY = 64 * 1024
BULK_BODY = 2 * 1024 * 1024
# 10,000 statements with ids of 128 characters that take four bytes each.
BATCH_BODY = 16 * 1024 * 1024
# How much of a body that is too large is still read, and thrown away: what stays unread spoils the connection for the client's
# next request. One that is larger still loses its connection.
DRAINED = 32 * 1024 * 1024
CHUNK = 64 * 1024


class _BoundedParser(BaseParser):
    media_type = "application/json"
    limit = SMALL_BODY

    def read(self, stream: IO[bytes]) -> bytes:
        # One byte more than allowed tells a full body from one that is too large, whatever its header said.
        body = stream.read(self.limit + 1)
        if len(body) > self.limit:
            _drain(stream)
            raise RequestDataTooBig
        return body


def _drain(stream: IO[bytes]) -> None:
    for _ in range(DRAINED // CHUNK):
        if not stream.read(CHUNK):
            return


class SmallJSONParser(_BoundedParser):
    """JSON of at most 64 KB, decoded. Raises RequestDataTooBig or ParseError."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - the framework's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:  # noqa: ANN401 - any JSON
        """The decoded body."""
        try:
            return msgspec.json.decode(self.read(stream))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise ParseError from error


class BulkBytesParser(_BoundedParser):
    """The bytes of a JSON body of at most 2 MB, for a view that decodes it item by item. Raises RequestDataTooBig."""

    limit = BULK_BODY

    def parse(  # type: ignore[override]  # the stubs know only parsers that decode
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - the framework's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> bytes:
        """The body as it was sent."""
        return self.read(stream)


class BatchBytesParser(BulkBytesParser):
    """As `BulkBytesParser`, of at most 16 MB."""

    limit = BATCH_BODY
