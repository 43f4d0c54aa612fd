"""Bodies that are too large to be held in memory, read as they come."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import BoundedSemaphore
from time import monotonic
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.request import Request

from clinical_engine.api.lengths import is_sent_in_chunks
from clinical_engine.api.parsers import CHUNK, DRAINED

LONGEST = timedelta(minutes=15)
_SILENCE_SECONDS = 30.0
# For how long a body that nobody wants is still read: a client that falls silent is waiting for its answer.
_DRAIN_SECONDS = 10.0
_DRAIN_SILENCE_SECONDS = 1.0


class BodyCutShortError(APIException):
    """The body ended before its end: the client, or something between, went away."""

    status_code = 400
    default_code = "body_cut_short"
    default_detail = "The body ended before it was complete; nothing was stored. Send it again."


class BodyTooSlowError(APIException):
    """The body took too long."""

    status_code = 408
    default_code = "body_too_slow"
    default_detail = (
        f"Nothing came for {_SILENCE_SECONDS:.0f} seconds, or the body took more than {LONGEST.seconds // 60} minutes;"
        " nothing was stored. Send it again, compressed."
    )


class TooManyUploadsError(APIException):
    """As many bodies are being read as may be."""

    status_code = 503
    default_code = "try_again"
    default_detail = (
        "Too many large bodies are being received at this moment; nothing was stored. Send it again soon."
    )
    wait = 10


# An upload holds a thread for minutes. Of the four that a web process has, these are left to everybody else.
MOST_AT_ONCE = 2
_places = BoundedSemaphore(MOST_AT_ONCE)


@contextmanager
def place_to_upload() -> Iterator[None]:
    """One of the few places that a process has for uploads. Raises TooManyUploadsError when all are taken."""
    if not _places.acquire(blocking=False):
        raise TooManyUploadsError
    try:
        yield
    finally:
        _places.release()


class Upload:
    """The body of one request, sent with its length or in chunks."""

    def __init__(self, request: Request) -> None:
        self._length = None if is_sent_in_chunks(request) else int(request.META.get("CONTENT_LENGTH") or 0)
        # Django's own stream takes a body without a length for an empty one.
        self._stream: Any = request.META["wsgi.input"] if self._length is None else request.stream
        self._socket = request.META.get("gunicorn.socket")
        self._read = 0
        self._is_over = self._length == 0

    def chunks(self) -> Iterator[bytes]:
        """The body in pieces of at most 64 KB. Raises BodyCutShortError or BodyTooSlowError."""
        deadline = monotonic() + LONGEST.total_seconds()
        while chunk := self._next(_SILENCE_SECONDS):
            yield chunk
            if monotonic() > deadline:
                raise BodyTooSlowError
        if self._length is not None and self._read < self._length:
            raise BodyCutShortError

    def drain(self) -> None:
        """Read what is left of the body and throw it away, within bounds."""
        deadline = monotonic() + _DRAIN_SECONDS
        try:
            for _ in range(DRAINED // CHUNK):
                if not self._next(_DRAIN_SILENCE_SECONDS) or monotonic() > deadline:
                    return
        except APIException:
            # It has its answer already.
            return

    def _next(self, patience: float) -> bytes:
        if self._is_over:
            return b""
        self._is_over = True
        with self._waiting_at_most(patience):
            try:
                chunk: bytes = self._stream.read(CHUNK)
            # Whatever the server raises of a body that breaks off; what it says may quote the body.
            except Exception as error:  # noqa: BLE001
                is_silent = isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError)
                raise (BodyTooSlowError if is_silent else BodyCutShortError) from None
        self._read += len(chunk)
        self._is_over = not chunk
        return chunk

    @contextmanager
    def _waiting_at_most(self, seconds: float) -> Iterator[None]:
        # Gunicorn itself waits for ever: a client that fell silent would keep a thread, and a transaction open.
        if self._socket is None:
            yield
            return
        before = self._socket.gettimeout()
        self._socket.settimeout(seconds)
        try:
            yield
        finally:
            self._socket.settimeout(before)
