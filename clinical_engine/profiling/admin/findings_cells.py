"""How findings look in tables."""

from datetime import date

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinical_engine.profiling.models import Finding
from clinical_engine.staff.cells import NOTHING, Tone, badge, moment


def is_overdue(finding: Finding, today: date | None = None) -> bool:
    """Whether somebody should have decided by now."""
    return finding.closed_at is None and finding.due_on < (today or timezone.now().date())


def finding_badge(finding: Finding) -> SafeString:
    """What is wrong, red where it is overdue."""
    if is_overdue(finding):
        return badge(f"{finding.get_kind_display()}: overdue", Tone.BAD)
    return badge(finding.get_kind_display(), Tone.WAITING if finding.closed_at is None else Tone.PLAIN)


def due(finding: Finding) -> SafeString:
    """By when, in words, and how often that was put off."""
    day = date_format(finding.due_on, "j M Y")
    if not finding.put_off:
        return format_html("{}", day)
    return format_html('<div>{}<br><span class="ce-muted">{}</span></div>', day, put_off(finding))


def put_off(finding: Finding) -> str:
    """How often people moved the due date away, such as 'put off 3 times'; '' for never."""
    if not finding.put_off:
        return ""
    return "put off once" if finding.put_off == 1 else f"put off {finding.put_off:,} times"


def settled(finding: Finding) -> SafeString | str:
    """When it was closed, by whom and why."""
    if finding.closed_at is None:
        return NOTHING
    by = "" if finding.closed_by is None else f" by {finding.closed_by.get_username()}"
    when = format_html("{}{}", moment(finding.closed_at), by)
    return (
        format_html("<div>{}<br>{}</div>", when, finding.closed_because) if finding.closed_because else when
    )
