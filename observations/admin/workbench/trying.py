"""Running the test cases of a draft: as it is stored, or as it stands in the page's fields. Nothing is stored."""

from collections.abc import Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

from clinical_engine.common.errors import RefusedError
from clinical_engine.staff.cells import Tone
from observations.admin.workbench.forms import DraftForms
from observations.admin.workbench.rows import RowForm
from observations.engine import ScriptRefused
from observations.models import ScriptVersion
from observations.scripts.testing import CaseOutcome, each_outcome_of

MAX_SECONDS = 2.0
"""For all cases together: a script may take a tenth of a second, and there are 200 of them."""
_TIME_IS_UP = "Those before it took all the time there is."


class Outcome(NamedTuple):
    """What became of one case: in which row it stands, a word for it, how that looks, and what it gave."""

    row: int
    word: str
    tone: Tone
    text: str


class Trial(NamedTuple):
    """What became of all of them, in a sentence and one by one."""

    sentence: str
    is_green: bool
    outcomes: Sequence[Outcome]

    @property
    def by_row(self) -> Mapping[int, Outcome]:
        """The outcomes by the number of their row."""
        return {outcome.row: outcome for outcome in self.outcomes}


class _Asked(NamedTuple):
    row: int
    case: Mapping[str, Any] | None
    """None where it cannot be run."""
    problem: str


def try_stored(version: ScriptVersion) -> Trial:
    """Run the cases that a version has."""
    return _tried(version, [_Asked(row, case, "") for row, case in enumerate(version.test_cases)])


def try_typed(version: ScriptVersion, draft: DraftForms) -> Trial:
    """Run the cases as they were typed, those that can be, with what else was typed."""
    others = (draft.text, draft.inputs, draft.outputs)
    draft.cases.is_valid()
    if not all(form.is_valid() for form in others):
        return Trial("Not run: something above the test cases is wrong.", is_green=False, outcomes=())
    typed = ScriptVersion(
        script_id=version.script_id,
        number=version.number,
        code_id=version.code_id,
        language_version=version.language_version,
        source=draft.text.cleaned_data["source"],
        inputs=draft.inputs.stored(),
        outputs=draft.outputs.stored(),
    )
    return _tried(typed, [_asked_in(form) for form in draft.cases.kept()])


def _asked_in(form: RowForm) -> _Asked:
    problems = " ".join(str(message) for messages in form.errors.values() for message in messages)
    row, inputs = form.number, form.cleaned_data.get("inputs")
    if not problems:
        return _Asked(row, form.stored(), "")
    # Who has not said what is expected wants to know what it gives.
    return _Asked(row, None if inputs is None else {"inputs": inputs, "not_computable": True}, problems)


def _tried(version: ScriptVersion, asked: Sequence[_Asked]) -> Trial:
    version.test_cases = [one.case for one in asked if one.case is not None]
    try:
        outcomes = [*_outcomes(asked, each_outcome_of(version))]
    except (RefusedError, ScriptRefused) as error:
        return Trial(f"Not run: {error}", is_green=False, outcomes=())
    is_green = bool(outcomes) and all(one.tone is Tone.GOOD for one in outcomes)
    return Trial(_sentence(outcomes), is_green, outcomes)


def _outcomes(asked: Sequence[_Asked], given: Iterator[CaseOutcome]) -> Iterator[Outcome]:
    ends = monotonic() + MAX_SECONDS
    for row, case, problem in asked:
        if case is None:
            yield Outcome(row, "Not run", Tone.BAD, problem)
        elif monotonic() > ends:
            yield Outcome(row, "Not run", Tone.WAITING, problem or _TIME_IS_UP)
        else:
            yield _judged(row, problem, next(given))


def _judged(row: int, problem: str, one: CaseOutcome) -> Outcome:
    if problem:
        return Outcome(row, "Not judged", Tone.WAITING, f"{problem} It gives: {one.actual}")
    if one.difference:
        return Outcome(row, "Fails", Tone.BAD, f"It {one.difference}")
    return Outcome(row, "Passes", Tone.GOOD, one.actual)


def _sentence(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return "There is no test case. A version needs one to be proposed."
    passed = sum(one.tone is Tone.GOOD for one in outcomes)
    if passed == len(outcomes):
        return "The test case passes." if passed == 1 else f"All {passed} test cases pass."
    failed = sum(one.word == "Fails" for one in outcomes)
    rest = len(outcomes) - passed - failed
    said = f"{failed} of {len(outcomes)} test cases fail"
    return said + (f"; {rest} could not be judged." if rest else ".")
