"""The panel of results that are not what is in force, and the button that starts their backfill."""

from collections.abc import Mapping

from clinical_engine.staff import panels
from clinical_engine.staff.cells import moment_text
from observations.admin.scripts.fields import zone_of
from observations.admin.scripts.repair import MAY_MISS, counted, repair_url, way_to
from observations.models import ObservationScript
from observations.scripts.affected import MOST_PATIENTS
from observations.scripts.outdated import Outdated, outdated

_TITLE = "Results to bring in line"
_MAY_SEE = "observations.view_scriptversion"
_TEMPLATE = "admin/observations/script_outdated.html"


def _panel(script: ObservationScript) -> Mapping[str, object]:
    """What no backfill has done yet, for all and for single organisations."""
    return {"rows": [_row(one) for one in outdated(script)]}


def _row(one: Outdated) -> Mapping[str, object]:
    organisation_id = None if one.organisation is None else one.organisation.pk
    return {
        "words": _words(one),
        "url": repair_url(one.script, one.since, organisation_id),
        **way_to(one.under_way),
    }


def _words(one: Outdated) -> str:
    whose = "all organisations" if one.organisation is None else one.organisation.name
    since = f"As of {moment_text(one.since, zone_of(one.script))} and later, for {whose}:"
    if one.found.results:
        is_are = "is" if one.found.results == 1 else "are"
        return f"{since} {counted(one.found)} {is_are} not what is in force as of their time. {MAY_MISS}"
    looked_at = "" if one.found.is_all else f" of {MOST_PATIENTS:,} patients that were looked at"
    return f"{since} no result{looked_at} stands that is not what is in force. {MAY_MISS}"


def offer() -> None:
    """Register the panel on the pages of scripts, and of versions that were published."""
    panels.register(
        "observations.observationscript", panels.Panel(_TITLE, _MAY_SEE, _panel, _TEMPLATE, position=3)
    )
    panels.register(
        "observations.scriptversion",
        panels.Panel(
            _TITLE,
            _MAY_SEE,
            lambda version: _panel(version.script),
            _TEMPLATE,
            position=3,
            applies=lambda version: version.published_at is not None,
        ),
    )
