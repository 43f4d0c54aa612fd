"""The stored verdict of a statement."""

import msgspec

from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS
from clinical_engine.profiling.growth.verdicts import Fit, Outlook, Verdict
from clinical_engine.profiling.models import CapturedStatement

_OF_MANY = (
    "It stands for the many statements that found no room of their own: nothing can be said of how they grow."
)


def verdict_of(statement: CapturedStatement) -> Verdict | None:
    """What the last estimate said; None before the first, and of one that another release stored in another form."""
    if statement.fingerprint == OTHER_STATEMENTS.fingerprint:
        return Verdict(Outlook.TOO_LITTLE_DATA, _OF_MANY, [], None, [])
    try:
        return msgspec.convert(statement.verdict, Verdict)
    except msgspec.ValidationError:
        return None


def sentence(verdict: Verdict | None) -> str:
    """Why it is said to grow or not."""
    if verdict is None:
        return "Not estimated yet: an estimate is made within ten minutes or so, and needs 120 days of history to say anything."
    return verdict.reason


def main_fit(verdict: Verdict | None) -> Fit | None:
    """The fit that leads to the limit; otherwise the one that explains best."""
    if verdict is None or not verdict.fits:
        return None
    crossing = verdict.crossing
    wanted = (crossing.measure, crossing.driver) if crossing else None
    return next((fit for fit in verdict.fits if (fit.measure, fit.driver) == wanted), verdict.fits[0])
