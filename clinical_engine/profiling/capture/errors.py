"""Which statement a database error came from, for whoever tells of it."""

from clinical_engine.profiling.fingerprints import shape_of

STATEMENT_TIMEOUT, LOCK_TIMEOUT = "57014", "55P03"
OVER_LIMIT = (STATEMENT_TIMEOUT, LOCK_TIMEOUT)
_NAME = "captured_statement"


def mark(error: BaseException, text: str) -> None:
    """Note on an error which statement it came from, when it was over its limit."""
    if getattr(error, "pgcode", None) in OVER_LIMIT:
        setattr(error, _NAME, text)


def fingerprint_of(error: BaseException) -> str:
    """The fingerprint of the statement that was over its limit, of the driver's error or one that Django made of it; '' if none."""
    for each in (error, error.__cause__):
        text = getattr(each, _NAME, None)
        if text is not None:
            return shape_of(text).fingerprint
    return ""
