"""A script's publications as a drawing: a lane for all, and one for each organisation with publications of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinical_engine.staff.cells import moment_text
from observations.admin.scripts import cells
from observations.admin.scripts.fields import zone_of
from observations.models import ObservationScript, Publication
from observations.scripts.history import History, history_of
from patients.admin.timeline.scale import Scale, scale_over
from submitters.models import Organisation

_LANES = 30
# What has always been in force would leave no room for what was done lately.
_BEFORE_THE_FIRST = timedelta(days=30)
_ROOM = 6.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A version in force: left end and width in per cent, its number where it fits, and a sentence."""

    begins: str
    width: str
    is_open: bool
    text: str
    words: str


@dataclass(frozen=True, slots=True)
class Mark:
    """That something was published: when, in per cent, and a sentence."""

    at: str
    words: str


@dataclass(slots=True)
class Lane:
    """What is in force for all, or for one organisation, from when to when."""

    name: str
    state: str
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


def timeline(script: ObservationScript) -> Mapping[str, object]:
    """The context of the panel; one query, whatever was published."""
    history, now, zone = history_of(script), timezone.now(), zone_of(script)
    scale = _scale(history.publications, now)
    organisations: Sequence[Organisation | None] = [None, *history.organisations[:_LANES]]
    return {
        "lanes": [_lane(script, history, one, scale) for one in organisations if history.publications],
        "ticks": [(f"{tick.at:.3f}", tick.text) for tick in scale.ticks(zone)],
        "now": f"{scale.place(now):.3f}",
        "zone": zone.key,
    }


def _scale(publications: Sequence[Publication], now: datetime) -> Scale:
    made = min((one.published_at for one in publications), default=now)
    times = [one.effective_from for one in publications]
    lately = [time for time in times if time > made - timedelta(days=366)]
    begins = min([made - _BEFORE_THE_FIRST, *lately])
    return scale_over(begins, now, max([now, *times]))


def _lane(
    script: ObservationScript, history: History, organisation: Organisation | None, scale: Scale
) -> Lane:
    key, zone = None if organisation is None else organisation.pk, zone_of(script)
    owner = organisation or script.organisation
    lane = Lane("All organisations" if owner is None else owner.name, _state(history, key))
    standing = history.standing(key)
    ends = [later.effective_from for _, later in pairwise(standing)]
    lane.bars = [
        _bar(one, end, scale, zone) for one, end in zip(standing, [*ends, None], strict=True) if one.version
    ]
    lane.marks = [
        Mark(f"{scale.place(one.published_at):.3f}", _sentence(one))
        for one in history.publications
        if one.organisation_id == key
    ]
    return lane


def _state(history: History, organisation_id: UUID | None) -> str:
    now = history.at(timezone.now(), organisation_id)
    version = None if now is None else now.version
    if organisation_id is None:
        return "Nothing in force" if version is None else f"v{version.number} in force"
    return "Follows the others" if version is None else f"Pinned to v{version.number}"


def _bar(one: Publication, end: datetime | None, scale: Scale, zone: ZoneInfo) -> Bar:
    begins = scale.place(one.effective_from)
    width = (100.0 if end is None else scale.place(end)) - begins
    number = one.version.number if one.version else 0
    until = "on" if end is None else f"until {moment_text(end, zone)}"
    return Bar(
        f"{begins:.3f}",
        f"{width:.3f}",
        is_open=end is None,
        text=f"v{number}" if width >= _ROOM else "",
        words=f"v{number} in force from {cells.from_when(one)} {until}. {_sentence(one)}",
    )


def _sentence(one: Publication) -> str:
    why = f": {one.reason}" if one.reason else ""
    return f"{cells.what(one)} {moment_text(one.published_at)} by {cells.made_by(one)}, from {cells.from_when(one)} on{why}"
