"""What the machine found wrong with statements: opened by the roll-up, looked after and closed by people.

A finding is open until a person closes it. Closed, it is not opened again for `QUIET` unless it is found to be twice as bad:
whoever decided that a statement may be as it is has not decided that it may become worse.
"""

from clinical_engine.profiling.findings.deciding import (
    LATEST_DUE,
    ChangedMeanwhileError,
    assign,
    close,
    close_several,
    owners,
)
from clinical_engine.profiling.findings.former import Former, former_of
from clinical_engine.profiling.findings.healing import heal
from clinical_engine.profiling.findings.opening import DUE_WITHIN, QUIET, Found, open_or_refresh

__all__ = [
    "DUE_WITHIN",
    "LATEST_DUE",
    "QUIET",
    "ChangedMeanwhileError",
    "Former",
    "Found",
    "assign",
    "close",
    "close_several",
    "former_of",
    "heal",
    "open_or_refresh",
    "owners",
]
