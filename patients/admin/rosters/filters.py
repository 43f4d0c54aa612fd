"""Filters of the list of rosters, and of the list of submitters by what their rosters tell."""

from django.db.models import Exists, OuterRef

from clinical_engine.staff.filters import Choice, ChoiceFilter
from patients.models import Roster, RosterState
from patients.rosters import selectors


def _in_state(state: str) -> Choice:
    return Choice(RosterState(state).label, lambda rows: rows.filter(state=state))


class RosterStateFilter(ChoiceFilter):
    """By how far it has come."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {state: _in_state(state) for state in RosterState.values}


class RosterDriftFilter(ChoiceFilter):
    """By what it tells of today."""

    title = "drift"
    parameter_name = "drift"
    choices_by_value = {
        "last": Choice("Last one of its submitter", lambda rows: rows.filter(is_last=True)),
        "drifting": Choice(
            "Patients drift", lambda rows: rows.filter(pk__in=selectors.drifting().values("pk"))
        ),
    }


class SubmitterDriftFilter(ChoiceFilter):
    """By whether patients are active in vitals and not linked here."""

    title = "drift"
    parameter_name = "drift"
    choices_by_value = {
        "drifting": Choice(
            "Patients drift",
            lambda rows: rows.filter(Exists(selectors.drifting().filter(submitter=OuterRef("pk")))),
        ),
        "never": Choice(
            "No list applied",
            lambda rows: rows.exclude(Exists(Roster.objects.filter(is_last=True, submitter=OuterRef("pk")))),
        ),
    }
