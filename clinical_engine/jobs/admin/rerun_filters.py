"""Filters of the list of bulk reruns."""

from clinical_engine.jobs.reruns.progress import waiting_for_a_person
from clinical_engine.jobs.states import RerunState
from clinical_engine.staff.filters import Choice, ChoiceFilter


def _in_state(state: str) -> Choice:
    return Choice(RerunState(state).label, lambda rows: rows.filter(state=state))


class RerunStateFilter(ChoiceFilter):
    """By state, with the question that people ask first."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "waiting": Choice(
            "Waits for a person", lambda rows: rows.filter(pk__in=waiting_for_a_person().values("pk"))
        ),
        **{state: _in_state(state) for state in RerunState.values},
    }
