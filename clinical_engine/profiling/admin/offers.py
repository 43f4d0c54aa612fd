"""The panels of a statement's page, the tiles of the overview, and where fingerprints lead."""

from collections.abc import Mapping
from datetime import timedelta

from clinical_engine.profiling.admin import words
from clinical_engine.profiling.admin.former import former_panel
from clinical_engine.profiling.admin.panels import callers_panel, changes_panel, cost_panel, findings_panel
from clinical_engine.profiling.models import CapturedStatement
from clinical_engine.profiling.pg_stat_statements import ServerFigures, figures_of
from clinical_engine.profiling.silk.requests import requests_with
from clinical_engine.staff import dashboard, panels
from clinical_engine.staff.cells import NOTHING, link, moment, precise_moment
from clinical_engine.staff.trail import trail_panel

_VIEW, _FINDINGS = "profiling.view_capturedstatement", "profiling.view_finding"
_LIST = "admin:profiling_finding_changelist"
_RECORDED_SHOWN = 20
_COUNTED_HEADERS = (
    "Source",
    "Since",
    "Executions",
    "Time",
    "Mean",
    "Rows",
    "Blocks from cache",
    "Blocks read",
)
_RECORDED_HEADERS = ("Began", "What", "Took", "Statements", "This one")


def offer() -> None:
    """Register all of them."""
    _offer_panels()
    _offer_tiles()


def _offer_panels() -> None:
    panels.register(
        "profiling.capturedstatement",
        panels.Panel(
            "Findings", _FINDINGS, findings_panel, template="admin/profiling/findings_panel.html", position=10
        ),
        panels.Panel("Cost", _VIEW, cost_panel, template="admin/profiling/cost_panel.html", position=20),
        panels.Panel("Who sends it", _VIEW, callers_panel, position=30),
        panels.Panel("Releases that changed it", _VIEW, changes_panel, position=40),
        panels.Panel("Recorded by silk", "profiling.view_silk", _recorded, position=50),
        panels.Panel("Counted by the server", _VIEW, _counted_by_the_server, position=60),
        trail_panel("captured_statement"),
    )
    panels.register(
        "profiling.finding",
        panels.Panel("What stood here before", _FINDINGS, former_panel, position=10),
        trail_panel("finding"),
    )


def _offer_tiles() -> None:
    dashboard.register(
        dashboard.Tile(
            "statements_timed_out",
            "Captured statements over their limit",
            "No statement was over its time limit within the last hour.",
            45,
            "admin:profiling_capturedstatement_changelist",
            {"timeouts": "lately"},
            _VIEW,
            for_all=False,
        ),
        dashboard.Tile(
            "statements_crowding",
            "Statements crowding the capture",
            "Slow queries have room for new statements.",
            48,
            "admin:profiling_capturedstatement_changelist",
            {},
            _VIEW,
            for_all=False,
        ),
        dashboard.Tile(
            "findings_overdue",
            "Slow queries overdue",
            "Every slow query has been decided on in time.",
            46,
            _LIST,
            {"state": "overdue"},
            _FINDINGS,
            for_all=False,
        ),
        dashboard.Tile(
            "findings_open",
            "Slow queries to decide on",
            "Statements that grow, became slower, are over their limit or repeated: somebody decides by their due dates.",
            47,
            _LIST,
            {"state": "open"},
            _FINDINGS,
            for_all=False,
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
                words.counted(each.times, "time"),
            )
            for each in requests_with(statement.fingerprint, _RECORDED_SHOWN)
        ),
        empty="Silk recorded nothing in which it ran: it records a sample, and all of what is being profiled.",
    )


def _counted_by_the_server(statement: CapturedStatement) -> Mapping[str, object]:
    """What pg_stat_statements says of it, beside what the capture counted in 7 days; a few queries, none where it is not there."""
    counted = figures_of(statement.fingerprint, statement.shape)
    rows = [_server_row(counted), _our_row(statement)] if counted else []
    return panels.table(
        _COUNTED_HEADERS, rows, empty="The server has no pg_stat_statements, or this role may not read it."
    )


def _server_row(counted: ServerFigures) -> tuple[object, ...]:
    mean = counted.mean
    return (
        "pg_stat_statements",
        moment(counted.since),
        f"{counted.calls:,}",
        words.duration(_microseconds(counted.total)),
        NOTHING if mean is None else words.duration(_microseconds(mean)),
        f"{counted.rows:,}",
        f"{counted.blocks_from_cache:,}",
        f"{counted.blocks_read:,}",
    )


def _our_row(statement: CapturedStatement) -> tuple[object, ...]:
    calls = statement.calls_week
    mean = words.duration(statement.time_week_us / calls) if calls else NOTHING
    return (
        "capture",
        "the last 7 days",
        f"{calls:,}",
        words.duration(statement.time_week_us),
        mean,
        *[NOTHING] * 3,
    )


def _microseconds(span: timedelta) -> float:
    return span.total_seconds() * 1e6
