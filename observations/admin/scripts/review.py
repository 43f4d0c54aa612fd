"""What a second person looks at before a version is published: its tests, what it changes, who wrote and proposed it."""

from collections.abc import Mapping

from django.utils import timezone

from clinical_engine.staff.cells import moment_text
from observations.admin.scripts import cells
from observations.admin.scripts.differences import differences
from observations.admin.scripts.fields import zone_of
from observations.admin.scripts.trials import trial_of
from observations.admin.workbench.comparing import not_compared
from observations.models import ScriptVersion
from observations.scripts.history import history_of

_PAST = (
    "That is past: it replaces what was in force from then on. What was computed meanwhile stays until a backfill, which the "
    "next page offers."
)


def review_of(version: ScriptVersion) -> Mapping[str, object]:
    """The context of the page on which it is proposed or published. The test cases are run."""
    return {
        "compared": compared(version),
        "trial": trial_of(version),
        "sentences": _sentences(version),
        "warning": not_compared(version),
    }


def compared(version: ScriptVersion) -> Mapping[str, object]:
    """The differences from what is in force for all now; one query."""
    now = history_of(version.script).at(timezone.now())
    before = None if now is None else now.version
    return {
        "differences": differences(before, version),
        "against": "nothing, since none is in force" if before is None else f"v{before.number}, in force now",
    }


def _sentences(version: ScriptVersion) -> list[str]:
    written = f"Written by {cells.name_of(version.edited_by)}, changed last {moment_text(version.edited_at)}."
    sentences = [f"{written} {version.note}".strip()]
    if version.proposed_at is not None and version.proposed_effective_from is not None:
        from_when = moment_text(version.proposed_effective_from, zone_of(version.script))
        past = version.proposed_effective_from <= timezone.now()
        by, when = cells.name_of(version.proposed_by), moment_text(version.proposed_at)
        sentences.append(f"Proposed by {by} {when}, to be in force from {from_when} on.")
        if past:
            sentences.append(_PAST)
    return sentences
