"""Reading the key."""

import re

from rest_framework.request import Request

from clinical_engine.api.idempotency.errors import InvalidKeyError

HEADER = "Idempotency-Key"
# The draft's string of a structured field (RFC 8941, section 3.3.3), in which only these two are escaped; and the same without
# its quotes, as most clients write it.
_QUOTED = re.compile(r'"((?:[!#-\[\]-~]|\\["\\])+)"')
_BARE = re.compile(r"[!#-~][!-~]*")
_ESCAPED = re.compile(r'\\(["\\])')
_LONGEST = 255


def key_of(request: Request) -> str | None:
    """The key that the request names, without quotes; None without the header. Raises InvalidKeyError."""
    sent = request.headers.get(HEADER)
    if sent is None:
        return None
    sent = sent.strip(" \t")
    quoted = _QUOTED.fullmatch(sent)
    key = _ESCAPED.sub(r"\1", quoted[1]) if quoted else sent
    if len(key) > _LONGEST or not (quoted or _BARE.fullmatch(sent)):
        raise InvalidKeyError
    return key
