"""What people did to one thing, on its page."""

from collections.abc import Callable, Mapping
from typing import Any

from clinical_engine.audit.models import AuditEntry
from clinical_engine.staff import panels
from clinical_engine.staff.cells import list_url, page_of, precise_moment

_SHOWN = 10
_HEADERS = ("When", "Who", "What", "Why")


def trail_panel(kind: str, *, position: int = 95) -> panels.Panel:
    """A panel with the last entries of the audit trail about a thing of `kind`, for who may see the trail; one query."""
    return panels.Panel("Audit trail", "audit.view_auditentry", _trail_of(kind), position=position)


def _trail_of(kind: str) -> Callable[[Any], Mapping[str, object]]:
    def trail(thing: Any) -> Mapping[str, object]:  # noqa: ANN401 - a row of any kind
        about = AuditEntry.objects.filter(target_type=kind, target_id=str(thing.pk))
        rows = [
            (
                page_of("admin:audit_auditentry_change", entry.pk, precise_moment(entry.created_at)),
                "the engine" if entry.actor is None else entry.actor.get_username(),
                entry.action,
                entry.reason,
            )
            for entry in about.select_related("actor").order_by("-created_at")[:_SHOWN]
        ]
        more = list_url("admin:audit_auditentry_changelist", target_type=kind, target_id=thing.pk)
        return panels.table(_HEADERS, rows, empty="Nobody has done anything by hand.", more=(more, "All"))

    return trail
