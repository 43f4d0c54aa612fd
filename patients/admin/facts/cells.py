"""Facts as cells of tables."""

from typing import Any

from django.utils.safestring import SafeString

from clinical_engine.staff.cells import Tone, badge
from patients.models import FactStatus

_TONES = {FactStatus.HOLDS: Tone.GOOD, FactStatus.STANDS: Tone.PLAIN, FactStatus.ENTERED_IN_ERROR: Tone.BAD}


def status_of(fact: Any) -> SafeString:  # noqa: ANN401 - an annotated row
    """Whether a fact that was read `with_status` counts, and for now."""
    status = FactStatus(fact.status)
    return badge(status.label, _TONES[status])
