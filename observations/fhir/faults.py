"""Why a resource cannot be taken, and which element of it is the reason."""

import re

import msgspec

from clinical_engine.api.complaints import complaint_of
from clinical_engine.common.errors import Refusal


class Fault(msgspec.Struct, frozen=True, gc=False):
    """A refusal in our own words, which are counted, and the element's path below the resource; empty for the whole."""

    refusal: Refusal
    path: str = ""


def fault(path: str, field: str, code: str, message: str) -> Fault:
    """A fault of one element; `field` is what a measurement calls it."""
    return Fault(Refusal(field, code, message), path)


def fault_of(error: Exception, path: str = "") -> Fault:
    """The decoder's complaint about what lies at `path`; its place, and what it says in our words."""
    if isinstance(error, UnicodeDecodeError):
        return fault(path, "item", "not_text", "Must be text in UTF-8.")
    text = str(error)
    found = re.search(r" - at `\$\.?([^`]*)`$", text)
    # `key` stands for the sender's own word.
    place = re.sub(r"\[\.\.\.\]|^key.*", "", found[1]) if found else ""
    if missing := re.search(r"missing required field `([^`]*)`", text):
        return fault(join(path, join(place, missing[1])), "item", "missing", "Is required.")
    if re.search(r"contains unknown field", text):
        return fault(join(path, place), "item", "unknown_element", "Has an element that is not known here.")
    code, message = complaint_of(error)
    return fault(join(path, place), "item", code, message)


def join(path: str, inner: str) -> str:
    """The path of an element below another one."""
    return f"{path}.{inner}" if path and inner else path or inner
