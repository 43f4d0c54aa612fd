"""Telling whether a body is the one that was sent before, by its bytes."""

from collections.abc import Mapping
from hashlib import sha256
from typing import IO, Any

from rest_framework.parsers import BaseParser
from rest_framework.request import Request


class _Tee:
    """A stream that notes what is read from it."""

    def __init__(self, stream: IO[bytes], digest: Any) -> None:  # noqa: ANN401 - hashlib's objects have no type of their own
        self._stream, self._digest = stream, digest

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self._digest.update(chunk)
        return chunk


class _FingerprintingParser(BaseParser):
    """Another parser, whose body passes by."""

    def __init__(self, parser: BaseParser, digest: Any) -> None:  # noqa: ANN401 - as above
        self._parser, self._digest = parser, digest
        self.media_type = parser.media_type

    def parse(
        self,
        stream: Any,  # noqa: ANN401 - the stubs know no stream that is only read from
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the other makes of it
        return self._parser.parse(_Tee(stream, self._digest), media_type, parser_context)  # type: ignore[arg-type]


def fingerprint_of(request: Request) -> bytes:
    """The SHA-256 of the body's bytes; the body is read, within the view's own bounds, and parsed.

    Raises what reading `request.data` raises.
    """
    digest = sha256()
    # Django's `body` has a limit of its own, below that of our batches; and a body of 16 MB would be held twice.
    request.parsers = [_FingerprintingParser(parser, digest) for parser in request.parsers or ()]
    request.data  # noqa: B018 - reads and parses the body, once
    return digest.digest()
