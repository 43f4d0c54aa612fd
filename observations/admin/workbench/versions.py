"""All that authors do with a version, for the admin of versions."""

from collections.abc import Sequence

from observations.admin.workbench.comparing import Comparing
from observations.admin.workbench.redrafting import Redrafting
from observations.admin.workbench.rehearsing import Rehearsing


class Workbench(Rehearsing, Comparing, Redrafting):
    """Buttons that edit a draft, try a version on a patient, compare it with what is in force, and draft a new one from it."""

    actions_detail: Sequence[str] = (
        *Rehearsing.actions_detail,
        *Comparing.actions_detail,
        *Redrafting.actions_detail,
    )
