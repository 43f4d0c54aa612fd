"""The panels of a statement's page, the tiles of the overview, and where fingerprints lead."""

from collections.abc import Mapping

from clinical_engine.profiling.admin.panels import callers_panel, changes_panel, cost_panel, findings_panel
from clinical_engine.profiling.models import CapturedStatement
from clinical_engine.profiling.silk.requests import requests_with
from clinical_engine.staff import dashboard, panels
from clinical_engine.staff.cells import link, precise_moment
from clinical_engine.staff.trail import trail_panel

_VIEW, _FINDINGS = "profiling.view_capturedstatement", "profiling.view_finding"
_LIST = "admin:profiling_finding_changelist"
_RECORDED_SHOWN = 20
_RECORDED_HEADERS = ("Began", "What", "Took", "Statements", "This one")


def offer() -> None:
    """Register all of them."""
    panels.register(
        "profiling.capturedstatement",
        panels.Panel(
            "Findings", _FINDINGS, findings_panel, template="admin/profiling/findings_panel.html", position=10
        ),
        panels.Panel("Cost", _VIEW, cost_panel, template="admin/profiling/cost_panel.html", position=20),
        panels.Panel("Who sends it", _VIEW, callers_panel, position=30),
        panels.Panel("Releases that changed it", _VIEW, changes_panel, position=40),
        panels.Panel("Recorded by silk", "profiling.view_silk", _recorded, position=50),
        trail_panel("captured_statement"),
    )
    panels.register("profiling.finding", trail_panel("finding"))
    dashboard.register(
        dashboard.Tile(
            "findings_overdue",
            "Slow queries overdue",
            "Every slow query has been decided on in time.",
            46,
            _LIST,
            {"state": "overdue"},
            _FINDINGS,
        ),
        dashboard.Tile(
            "findings_open",
            "Slow queries to decide on",
            "Statements that grow, became slower, are over their limit or repeated: somebody decides by their due dates.",
            47,
            _LIST,
            {"state": "open"},
            _FINDINGS,
        ),
    )


def _recorded(statement: CapturedStatement) -> Mapping[str, object]:
    """The last requests, batches and tasks in which silk saw it; one query."""
    return panels.table(
        _RECORDED_HEADERS,
        (
            (
                link(each.url, precise_moment(each.begun_at)),
                f"{each.method} {each.path}",
                f"{each.milliseconds:,.1f} ms",
                f"{each.statements:,}",
                f"{each.times:,} times",
            )
            for each in requests_with(statement.fingerprint, _RECORDED_SHOWN)
        ),
        empty="Silk recorded nothing in which it ran: it records a sample, and all of what is being profiled.",
    )
