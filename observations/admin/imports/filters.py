"""Filters of the list of imports."""

from clinical_engine.staff.filters import Choice, ChoiceFilter
from observations.importing.probes import stalled


class StandsStillFilter(ChoiceFilter):
    """By whether anything moves them."""

    title = "progress"
    parameter_name = "progress"
    choices_by_value = {
        "stalled": Choice("No step for ten minutes", lambda rows: rows.filter(pk__in=stalled().values("pk")))
    }
