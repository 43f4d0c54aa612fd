"""A streamed answer is recorded to its end: what it sends while whoever asked is reading is of the request as well."""

from collections.abc import Callable, Iterator
from typing import TypeGuard

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from clinical_engine.common.logs import describe_error
from clinical_engine.profiling.capture.units import overheard
from clinical_engine.profiling.silk.noting import Noted


def is_streamed(response: HttpResponseBase) -> TypeGuard[StreamingHttpResponse]:
    """Whether code of ours still runs for an answer. A file sends no statements."""
    return isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse)


def note_to_its_end(response: StreamingHttpResponse, noted: Noted, ended: Callable[[str], None]) -> None:
    """Note what is sent until the answer is closed, also by one who went away; `ended` is called then, with what failed or ''."""
    closing = response.close

    def close() -> None:
        with overheard(noted.add):
            closing()

    # Django closes its parts as well, after those that they are made of and while the connection is still the request's.
    response.streaming_content = _Parts(response, noted, ended)
    response.close = close  # type: ignore[method-assign]


class _Parts:
    def __init__(self, response: StreamingHttpResponse, noted: Noted, ended: Callable[[str], None]) -> None:
        self._parts: Iterator[bytes] = iter(response)
        self._noted, self._ended, self._failure = noted, ended, ""

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with overheard(self._noted.add):
            try:
                return next(self._parts)
            except StopIteration:
                raise
            except BaseException as error:
                self._failure = describe_error(error)
                raise

    def close(self) -> None:
        self._ended(self._failure)
