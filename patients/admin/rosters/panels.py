"""What stands below a roster: lines that could not be taken, and whom it links and unlinks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from clinical_engine.staff import panels
from clinical_engine.staff.cells import identifier, moment, page_of
from clinical_engine.staff.trail import trail_panel
from patients.models import Roster, RosterChange, RosterState, StatementKind
from patients.rosters.selectors import differences

SHOWN = 100


def patient_link(patient_id: object, external_id: str) -> SafeString:
    """Leads to a patient; one that is not known yet has no page."""
    if patient_id is None:
        return identifier(external_id)
    return page_of("admin:patients_patient_change", patient_id, external_id)


def offer() -> None:
    """Register the panels of a roster's page."""
    panels.register(
        "patients.roster",
        panels.Panel("Lines that could not be taken", "patients.view_roster", _problems, position=10),
        panels.Panel(
            "Missing here: active in vitals, not linked",
            "patients.view_patient",
            _changed("missing", StatementKind.ACTIVATION, "Active since"),
            position=20,
        ),
        panels.Panel(
            "Extra here: linked, not active in vitals",
            "patients.view_patient",
            _changed("extra", StatementKind.DEACTIVATION, "Inactive since"),
            position=30,
        ),
        trail_panel("roster"),
    )


def _problems(roster: Roster) -> Mapping[str, object]:
    rows = [(f"{told['line']:,}", told["field"], told["message"]) for told in roster.problems]
    context = panels.table(("Line", "Field", "Why"), rows, empty="None: every line could be read.")
    wrong = roster.unreadable + roster.contradictory
    return context | ({"note": f"The first {len(rows)} of {wrong:,}."} if wrong > len(rows) else {})


def _changed(name: str, kind: StatementKind, time: str) -> Callable[[Roster], Mapping[str, object]]:
    """The panel of those that the roster counts under `name`; one query when there are any."""

    def context(roster: Roster) -> Mapping[str, object]:
        number = getattr(roster, name)
        # Nobody is looked for where nobody is: among a million others that would read all of them.
        rows = differences(roster, kind)[:SHOWN] if number and roster.is_stored else ()
        shown = list(_rows(rows, roster.organisation.zone))
        table = panels.table(("Patient", time), shown, empty=_why_none(roster, number))
        rest = number - len(shown)
        return table | ({"note": f"And {rest:,} more."} if shown and rest else {})

    return context


def _rows(changes: Iterable[RosterChange], zone: ZoneInfo) -> Iterator[tuple[object, ...]]:
    for change in changes:
        external_id = change.patient.external_id if change.patient else change.external_id
        yield (
            patient_link(change.patient_id if change.patient else None, external_id),
            moment(change.effective_at, zone),
        )


def _why_none(roster: Roster, number: int) -> str:
    if roster.compared_at is None and roster.state == RosterState.COMPARING:
        return "Not compared yet. Reload the page when it is."
    return f"{number:,}; who they are is no longer kept." if number else "Nobody."
