"""What stands below an import: why lines were not taken, by reason and line by line; and the page that shows all of those."""

from collections.abc import Iterable, Iterator, Mapping

from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from clinical_engine.staff import dashboard, links, panels
from clinical_engine.staff.cells import identifier, page_of
from clinical_engine.staff.trail import trail_panel
from observations.importing.report import problems_of
from observations.models import ImportProblem, ImportState, MeasurementImport

SHOWN = 100
AFTER = "after"
"""The parameter with the line behind which a page of problems begins."""
_MAY_SEE = "observations.view_measurementimport"
_HEADERS = ("Line", "client_id", "Field", "Why", "Code")


def offer() -> None:
    """Register the panels of an import's page, where ids of imports lead, and a tile."""
    panels.register(
        "observations.measurementimport",
        panels.Panel("By reason", _MAY_SEE, _reasons, position=10),
        panels.Panel("Lines that were not taken", _MAY_SEE, _problems, panels.CARDS, position=20),
        trail_panel("measurement_import"),
    )
    links.register(
        "measurement_import", links.Target("admin:observations_measurementimport_change", _MAY_SEE)
    )
    dashboard.register(
        dashboard.Tile(
            "imports_stalled",
            "Imports that stand still",
            "Every import that is not over moves.",
            34,
            "admin:observations_measurementimport_changelist",
            {"progress": "stalled"},
            _MAY_SEE,
        )
    )


def problems_page(request: HttpRequest, file: MeasurementImport) -> HttpResponse:
    """The lines that were not taken, a page of at most a hundred reasons and the rest of its last line; one query."""
    given = request.GET.get(AFTER, "")
    # What is no number leads to the first page.
    after = int(given) if given.isdecimal() and len(given) < len("1000000000") else 0
    found = list(problems_of(file).filter(line__gt=after)[: SHOWN + 1])
    shown = _whole_lines(found)
    context = {
        **site.each_context(request),
        "title": "Lines that were not taken",
        "opts": MeasurementImport._meta,  # noqa: SLF001 - Django's own name for it
        "file": file,
        "table": panels.table(_HEADERS, _rows(shown), empty="None, or none behind this line."),
        "is_later": after > 0,
        "first": reverse("admin:observations_measurementimport_problems", args=[file.pk]),
        "next": _address(file, shown[-1].line) if len(found) > len(shown) else "",
        "csv": reverse("admin:observations_measurementimport_report", args=[file.pk]),
        "back": reverse("admin:observations_measurementimport_change", args=[file.pk]),
    }
    return TemplateResponse(request, "admin/observations/import_problems.html", context)


def _whole_lines(found: list[ImportProblem]) -> list[ImportProblem]:
    """Without a last line that goes on behind the page: the next one begins with it. A line that fills a page is cut."""
    if len(found) <= SHOWN:
        return found
    last = found[-1].line
    return [problem for problem in found if problem.line != last] or found[:SHOWN]


def _address(file: MeasurementImport, after: int) -> str:
    return f"{reverse('admin:observations_measurementimport_problems', args=[file.pk])}?{AFTER}={after}"


def _reasons(file: MeasurementImport) -> Mapping[str, object]:
    rows = [(*reason.rsplit(" ", 1), f"{number:,}") for reason, number in _most_first(file.reasons)]
    return panels.table(("Field", "Code", "Times"), rows, empty=_nothing(file, "refused"))


def _most_first(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))


def _problems(file: MeasurementImport) -> Mapping[str, object]:
    """The first of them; one query."""
    number = file.refused + file.conflict
    rows = problems_of(file)[:SHOWN]
    more = (reverse("admin:observations_measurementimport_problems", args=[file.pk]), "All, and as CSV")
    return panels.table(
        _HEADERS, _rows(rows), empty=_nothing(file, "refused or in conflict"), more=more if number else None
    )


def _nothing(file: MeasurementImport, fate: str) -> str:
    """What stands where no line met this fate: of lines that have no answer, nobody knows yet, or ever will."""
    if file.done == file.lines:
        return f"No line was {fate}."
    if file.state == ImportState.CANCELLED:
        return (
            f"{_answered(file)} before the import was cancelled{', none was ' + fate if file.done else ''}."
        )
    return f"{_answered(file)} so far{', none was ' + fate if file.done else ''}."


def _answered(file: MeasurementImport) -> str:
    return f"{file.done:,} of {file.lines:,} lines were answered" if file.done else "No line was answered"


def _rows(problems: Iterable[ImportProblem]) -> Iterator[tuple[object, ...]]:
    for problem in problems:
        client_id: object = identifier(problem.client_id)
        if problem.measurement_id is not None:
            client_id = page_of(
                "admin:observations_measurement_change", problem.measurement_id, problem.client_id
            )
        yield f"{problem.line:,}", client_id, problem.field, problem.message, problem.code
