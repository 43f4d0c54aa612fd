"""What stood in a finding before people saved something else."""

from collections.abc import Mapping

from django.utils.formats import date_format
from django.utils.html import format_html

from clinical_engine.profiling.findings import former_of
from clinical_engine.profiling.models import Finding
from clinical_engine.staff import panels
from clinical_engine.staff.cells import moment

_HEADERS = ("Until, replaced by", "Owner", "Due", "Note")


def former_panel(finding: Finding) -> Mapping[str, object]:
    """Former owners, due dates and notes, the newest first; no query."""
    return panels.table(
        _HEADERS,
        (
            (
                format_html("{}<br>{}", moment(each.replaced_at), each.replaced_by),
                each.owner or "nobody",
                date_format(each.due_on, "j M Y"),
                each.note,
            )
            for each in former_of(finding)
        ),
        empty="Nobody has saved anything else here before.",
    )
