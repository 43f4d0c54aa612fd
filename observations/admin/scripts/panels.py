"""The panels of a script's page: what is in force, what was published, and the versions."""

from collections.abc import Iterator, Mapping

from django.utils import timezone
from django.utils.safestring import SafeString

from clinical_engine.staff import panels
from clinical_engine.staff.cells import NOTHING, link, moment
from clinical_engine.staff.trail import trail_panel
from observations.admin.scripts import cells
from observations.admin.scripts.repair import repair_url
from observations.admin.scripts.timeline import timeline
from observations.models import ObservationScript, Publication, ScriptVersion
from observations.scripts.history import History, history_of

_MAY_SEE = "observations.view_scriptversion"
_SHOWN = 50


def in_force(script: ObservationScript) -> Mapping[str, object]:
    """What counts now for all and for each pinned organisation, and what is to count; one query."""
    return panels.table(
        ("For", "Version", "In force from", "Published", "By", "Why", ""),
        (_row_in_force(script, one) for one in _counting(history_of(script))),
        empty="Nothing: no version was ever published.",
    )


def _counting(history: History) -> Iterator[Publication]:
    now = timezone.now()
    general = history.at(now)
    if general is not None:
        yield general
    yield from history.to_come(now)
    yield from history.pins(now)
    for organisation in history.organisations:
        yield from history.to_come(now, organisation.pk)


def _row_in_force(script: ObservationScript, one: Publication) -> tuple[object, ...]:
    is_to_come = one.effective_from > timezone.now()
    version: SafeString | str = "none: withdrawn" if one.organisation_id is None else "none: pin lifted"
    if one.version is not None:
        version = cells.version_link(one.version)
    return (
        cells.for_whom(one),
        version,
        f"{cells.from_when(one)}{' (to come)' * is_to_come}",
        moment(one.published_at),
        cells.made_by(one),
        one.reason or NOTHING,
        link(repair_url(script, one.effective_from, one.organisation_id), "Results since then"),
    )


def _publications(script: ObservationScript) -> Mapping[str, object]:
    made = history_of(script).publications
    return panels.table(
        ("Published", "What", "For", "In force from", "By", "Why"),
        (
            (
                moment(one.published_at),
                cells.what(one),
                cells.for_whom(one),
                cells.from_when(one),
                cells.made_by(one),
                one.reason or NOTHING,
            )
            for one in reversed(made[-_SHOWN:])
        ),
        empty="Nothing was published yet.",
    ) | {"note": f"The last {_SHOWN} of {len(made)}." if len(made) > _SHOWN else ""}


def _versions(script: ObservationScript) -> Mapping[str, object]:
    rows = ScriptVersion.objects.filter(script=script).select_related("edited_by", "proposed_by")
    return panels.table(
        ("Version", "State", "Since", "By", "Note"),
        (_row_of_version(version) for version in rows.order_by("-number")[:_SHOWN]),
        empty="No version yet.",
    )


def _row_of_version(version: ScriptVersion) -> tuple[object, ...]:
    since, by = version.edited_at, version.edited_by
    if version.suspended_at is not None:
        since = version.suspended_at
    elif version.published_at is not None:
        since = version.published_at
    elif version.proposed_at is not None:
        since, by = version.proposed_at, version.proposed_by
    return (
        cells.version_link(version),
        cells.state_of(version),
        moment(since),
        cells.name_of(by),
        version.note,
    )


def offer() -> None:
    """Register the panels."""
    panels.register(
        "observations.observationscript",
        panels.Panel("In force", _MAY_SEE, in_force, position=5),
        panels.Panel("Time line", _MAY_SEE, timeline, "admin/observations/script_timeline.html", position=10),
        panels.Panel("Versions", _MAY_SEE, _versions, position=20),
        panels.Panel("Publications", _MAY_SEE, _publications, position=60),
        trail_panel("observation_script"),
    )
    panels.register("observations.scriptversion", trail_panel("script_version"))
