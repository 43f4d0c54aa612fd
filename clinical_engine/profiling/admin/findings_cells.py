"""How findings look in tables."""

from datetime import date

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from clinical_engine.profiling.models import Finding
from clinical_engine.staff.cells import Tone, badge


def is_overdue(finding: Finding, today: date | None = None) -> bool:
    """Whether somebody should have decided by now."""
    return finding.closed_at is None and finding.due_on < (today or timezone.now().date())


def finding_badge(finding: Finding) -> SafeString:
    """What is wrong, red where it is overdue."""
    if is_overdue(finding):
        return badge(f"{finding.get_kind_display()}: overdue", Tone.BAD)
    return badge(finding.get_kind_display(), Tone.WAITING if finding.closed_at is None else Tone.PLAIN)


def due(finding: Finding) -> str:
    """By when, in words."""
    return date_format(finding.due_on, "j M Y")
