"""Why a body cannot be read at all. The texts name lines and limits, never a value that was sent."""

from clinical_engine.common.errors import Refusal, RefusedError


def refused_body(code: str, message: str) -> RefusedError:
    """The error that refuses the whole body."""
    return RefusedError(Refusal("body", code, message))
