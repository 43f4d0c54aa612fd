"""Results that stand although another version is in force as of their time, because no backfill followed a publication.

A publication whose time lies in the past leaves what was computed before. A backfill that began after it, reaches as far back and
is done has seen to that; what others have brought in line meanwhile is seen by counting.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from observations.models import Backfill, BackfillState, ObservationScript, Publication
from observations.scripts.affected import Expected, Standing, standing_unlike
from observations.scripts.history import last_publication
from observations.scripts.publications import TimeLine, time_lines
from submitters.models import Organisation

_UNDER_WAY = (BackfillState.RUNNING, BackfillState.PAUSED)


class Outdated(NamedTuple):
    """Results of a script as of `since` and later, of an organisation or of all, that are not what is in force."""

    script: ObservationScript
    organisation: Organisation | None
    since: datetime
    found: Standing
    under_way: Backfill | None
    """The backfill that is at it; it runs, or is paused."""


def outdated(script: ObservationScript | None = None) -> list[Outdated]:
    """What is to be brought in line of a script, or of all: for all organisations, and for single ones, each since the earliest.

    Where more patients are than are looked at, and none of these has such a result, it is told all the same. Three queries,
    and one for each that a backfill has not done.
    """
    publications = _publications(script)
    backfills = _backfills(script)
    found = (
        _one_outdated(made[0].script, left, backfills[script_id])
        for script_id, made in publications.items()
        for left in _left(made, backfills[script_id]).values()
    )
    return [one for one in found if one is not None]


def unlike_in_force(
    script: ObservationScript, since: datetime, organisation_id: UUID | None = None
) -> Standing:
    """The current results as of `since` and later that are not what is in force as of their time; at most three queries."""
    line = next((line for line in time_lines() if line.script_id == script.pk), None)
    expected = [] if line is None else [*_expected(line, since)]
    return standing_unlike(script.pk, since, expected, organisation_id)


def under_way(
    script: ObservationScript, since: datetime, organisation_id: UUID | None = None
) -> Backfill | None:
    """The backfill that is bringing these results in line by what is in force now, if there is one; two queries."""
    return _under_way(_backfills(script)[script.pk], last_publication(script), since, organisation_id)


def _publications(script: ObservationScript | None) -> Mapping[UUID, list[Publication]]:
    rows = Publication.objects.select_related("script__organisation", "organisation").order_by("pk")
    found: dict[UUID, list[Publication]] = defaultdict(list)
    for row in rows.filter(**_of(script)):
        found[row.script_id].append(row)
    return found


def _of(script: ObservationScript | None) -> Mapping[str, ObservationScript]:
    return {} if script is None else {"script": script}


def _backfills(script: ObservationScript | None) -> Mapping[UUID, list[Backfill]]:
    """Those that write results, and are done or may yet be, by script."""
    rows = Backfill.objects.filter(dry_run=False).exclude(state=BackfillState.CANCELLED).order_by("pk")
    found: dict[UUID, list[Backfill]] = defaultdict(list)
    for row in rows.filter(**_of(script)).defer("changes"):
        found[row.script_id].append(row)
    return found


def _left(made: Sequence[Publication], backfills: Sequence[Backfill]) -> Mapping[UUID | None, Publication]:
    """The publications that no backfill has done, by whose they are: the one that reaches back farthest of each."""
    done = [one for one in backfills if one.state == BackfillState.DONE]
    earliest: dict[UUID | None, Publication] = {}
    # Before the first one there was nothing that could have given a result.
    for one in made[1:]:
        kept = earliest.get(one.organisation_id)
        is_earliest = kept is None or one.effective_from < kept.effective_from
        if is_earliest and _reaches_back(one) and not _is_done(one, done):
            earliest[one.organisation_id] = one
    return earliest


def _reaches_back(publication: Publication) -> bool:
    # A sender's clock may be ahead.
    return publication.effective_from <= publication.published_at + settings.CLOCK_SKEW


def _is_done(publication: Publication, done: Iterable[Backfill]) -> bool:
    enough = [
        one
        for one in done
        if _covers(one, publication.pk, publication.effective_from)
        and (one.until is None or one.until >= publication.published_at + settings.CLOCK_SKEW)
    ]
    whose = publication.organisation_id or publication.script.organisation_id
    organisations = {one.organisation_id for one in enough}
    if whose is not None or not organisations:
        return bool(organisations & {None, whose})
    # All may have been done one after the other.
    single = [each for each in organisations if each is not None]
    return len(single) < len(organisations) or not Organisation.objects.exclude(pk__in=single).exists()


def _covers(backfill: Backfill, publication_id: int, since: datetime) -> bool:
    return backfill.last_publication >= publication_id and backfill.since <= since


def _under_way(
    backfills: Iterable[Backfill], publication_id: int, since: datetime, organisation_id: UUID | None
) -> Backfill | None:
    fitting = (
        one
        for one in backfills
        if one.state in _UNDER_WAY
        and one.until is None
        and one.organisation_id in {None, organisation_id}
        and _covers(one, publication_id, since)
    )
    return next(fitting, None)


def _one_outdated(
    script: ObservationScript, left: Publication, backfills: Iterable[Backfill]
) -> Outdated | None:
    organisation = left.organisation or script.organisation
    organisation_id = None if organisation is None else organisation.pk
    found = unlike_in_force(script, left.effective_from, organisation_id)
    if found.is_all and not found.results:
        return None
    at_it = _under_way(backfills, left.pk, left.effective_from, organisation_id)
    return Outdated(script, organisation, left.effective_from, found, at_it)


def _expected(line: TimeLine, since: datetime) -> Iterator[Expected]:
    """What is in force from when to when, for all and for each organisation with publications of its own, after a time."""
    own = {one.organisation_id for one in line.publications} | {line.organisation_id}
    for organisation_id in own:
        steps = line.steps(organisation_id)
        for (begins, version), later in zip_longest(steps, steps[1:]):
            ends = None if later is None else later[0]
            if ends is None or ends > since:
                yield Expected(organisation_id, begins, ends, None if version is None else version.version_id)
