"""What a file is that is none of lines in UTF-8, as far as its first line tells."""

import codecs
import re

from clinical_engine.common.lines.refusals import refused_body

# UTF-32 first: in its marks those of UTF-16 stand.
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
# Of a header, whose names are ASCII, every other byte is zero.
_has_zeros_between = re.compile(rb"(?:[^\0]\0){4}|(?:\0[^\0]){4}").match


def refuse_unreadable(header: bytes, noun: str) -> None:
    """Raise RefusedError when a header is no text in UTF-8, or other lines stand behind it that do not end with LF.

    Without this it would be told that its names are wrong, which whoever opens the file sees they are not.
    """
    if encoding := _other_encoding(header):
        raise refused_body("no_header", f"The {noun} is in {encoding}; it must be in UTF-8.")
    if b"\0" in header or not _is_utf8(header):
        raise refused_body("no_header", f"Line 1 must be the header; in the {noun} it is no text in UTF-8.")
    if ends_with_cr_alone(header):
        raise refused_body(
            "no_header", f"The lines of the {noun} end with CR alone; they must end with LF or CRLF."
        )


def ends_with_cr_alone(line: bytes) -> bool:
    """Whether there is CR within a line, as in files whose lines end with nothing else."""
    return b"\r" in line.rstrip(b"\r")


def _other_encoding(line: bytes) -> str:
    marked = next((name for mark, name in _MARKS.items() if line.startswith(mark)), "")
    return marked or ("UTF-16" if _has_zeros_between(line) else "")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
