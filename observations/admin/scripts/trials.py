"""A version's test cases and what they give, as a table."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff import panels
from clinical_engine.staff.cells import Tone, badge
from observations.engine import ScriptRefused
from observations.models import ScriptVersion
from observations.scripts.testing import CaseOutcome, outcomes_of

_SHOWN = 100


class Trial(NamedTuple):
    """What running the test cases gave: one sentence, whether all passed and there was one, and a table of each."""

    sentence: str
    is_green: bool
    table: Mapping[str, object]


def trial_of(version: ScriptVersion) -> Trial:
    """Run every test case of a version now."""
    try:
        outcomes = outcomes_of(version)
    except (RefusedError, ScriptRefused) as error:
        return Trial(f"It cannot be run: {error}", is_green=False, table=_table([]))
    failed = [outcome for outcome in outcomes if outcome.difference]
    # Those that fail come first: they are what one looks for.
    table = _table([*failed, *(outcome for outcome in outcomes if not outcome.difference)])
    if not outcomes:
        return Trial("It has no test case.", is_green=False, table=table)
    if failed:
        return Trial(f"{len(failed)} of {len(outcomes)} test cases fail.", is_green=False, table=table)
    number = len(outcomes)
    passed = "The test case passes." if number == 1 else f"All {number} test cases pass."
    return Trial(passed, is_green=True, table=table)


def _table(outcomes: Sequence[CaseOutcome]) -> Mapping[str, object]:
    return panels.table(
        ("Case", "Name", "Outcome", "Gives"),
        (
            (
                outcome.number,
                outcome.name,
                badge("Passes", Tone.GOOD) if not outcome.difference else badge("Fails", Tone.BAD),
                outcome.difference or outcome.actual,
            )
            for outcome in outcomes[:_SHOWN]
        ),
        empty="None was run.",
    )
