"""Gzip, unpacked piece by piece: a small body that unpacks to a huge one never stands in memory."""

import zlib
from collections.abc import Iterator

from clinical_engine.common.lines.refusals import refused_body

_PIECE = 128 * 1024
_GZIP = 16 + zlib.MAX_WBITS
# A member of 20 bytes may hold nothing: without a bound, a gigabyte of them would keep a processor busy for minutes.
_MAX_MEMBERS = 100_000


def unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of gzip members that follow each other, in pieces of at most 128 KB.

    Raises RefusedError when there is no member, when one is broken or has no end, and for more than 100,000 of them.
    """
    members = 0
    member: zlib._Decompress | None = None
    for chunk in chunks:
        data = chunk
        while data:
            if member is None:
                # Archivers fill the last block of a medium with zeros (GNU gzip ignores them too).
                data = data.lstrip(b"\0") if members else data
                if not data:
                    break
                members += 1
                member = _new_member(members)
            yield from _inflated(member, data)
            data = member.unused_data
            member = None if member.eof else member
    if member is not None or not members:
        raise refused_body("truncated_gzip", "The gzip stream has no end: the file was cut off.")


def _new_member(number: int) -> "zlib._Decompress":
    if number > _MAX_MEMBERS:
        raise refused_body("broken_gzip", f"The gzip stream has more than {_MAX_MEMBERS:,} members.")
    return zlib.decompressobj(_GZIP)


def _inflated(member: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    while True:
        try:
            piece = member.decompress(data, _PIECE)
        except zlib.error:
            raise refused_body("broken_gzip", "The gzip stream is broken.") from None
        if piece:
            yield piece
        data = member.unconsumed_tail
        # A full piece may have more behind it even when all the input is used up.
        if member.eof or (not data and len(piece) < _PIECE):
            return
