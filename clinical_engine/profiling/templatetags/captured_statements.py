"""From a statement that silk recorded back to all that is known of it."""

from django import template

from clinical_engine.profiling.fingerprints import shape_of
from clinical_engine.staff.cells import list_url

register = template.Library()


@register.filter
def captured_statement_url(query: str) -> str:
    """The list of captured statements, narrowed to the one of this text."""
    return list_url("admin:profiling_capturedstatement_changelist", q=shape_of(query).fingerprint)
