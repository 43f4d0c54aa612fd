"""Results that are not what is in force as of their time, or are missing, because no backfill followed a publication.

A publication whose time lies in the past leaves what was computed before. A backfill that began after it, reaches as far back and
is done has seen to that. Results that stand and should not are counted; which ones are missing nothing tells but computing them, so
that until then a publication counts as not brought in line, unless nobody had a reading that it could give a result of.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, repeat, zip_longest
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from observations.computing.plan import input_codes
from observations.models import Backfill, BackfillState, ObservationScript, Publication
from observations.scripts.affected import Asked, Expected, Standing, may_have_readings, standing_unlike
from observations.scripts.history import last_publication
from observations.scripts.publications import TimeLine, time_lines
from submitters.models import Organisation

_UNDER_WAY = (BackfillState.RUNNING, BackfillState.PAUSED)


# Publishing takes a moment, its test cases and locks included, in which readings are still computed without it.
_PUBLISHING = timedelta(seconds=10)


class Outdated(NamedTuple):
    """That no backfill has brought a script's results as of `since` and later in line, of an organisation or of all.

    `found` are those that stand and are not what is in force: none of them does not mean that none is missing.
    """

    script: ObservationScript
    organisation: Organisation | None
    since: datetime
    found: Standing
    under_way: Backfill | None
    """The backfill that brings all of it in line by what is in force now; it runs, or is paused."""

    @property
    def is_under_way(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self.under_way is not None and self.under_way.state == BackfillState.RUNNING


class _Undone(NamedTuple):
    publication: Publication
    moment: timedelta
    """For how long after it readings were still computed without it."""
    organisation_id: UUID | None


def outdated(script: ObservationScript | None = None) -> list[Outdated]:
    """What is to be brought in line of a script, or of all: for all organisations, and for single ones, each since the earliest.

    Five queries, and up to three for each that is told.
    """
    publications = _publications(script)
    backfills = _backfills(script)
    undone = [one for script_id, made in publications.items() for one in _undone(made, backfills[script_id])]
    return [
        _one_outdated(one, publications[one.script_id][-1].pk, backfills[one.script_id])
        for one in _earliest(_left(undone))
    ]


def is_left(script: ObservationScript, organisation_id: UUID | None = None) -> bool:
    """Whether no backfill has brought the script's results in line, of an organisation or of all: some may be missing."""
    made, backfills = _publications(script)[script.pk], _backfills(script)[script.pk]
    concerned = [
        one for one in made if organisation_id is None or one.organisation_id in {None, organisation_id}
    ]
    return any(True for _ in _left(_undone(concerned, backfills, organisation_id)))


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
    """The backfill that brings these results in line by what is in force now, if there is one: it runs, or else is paused.

    Two queries.
    """
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


def _left(made: Iterable[_Undone]) -> Iterator[Publication]:
    """Those that may have left something to be done; what came in after them is computed by them."""
    undone = list(made)
    if not undone:
        return
    codes = input_codes({one.publication.script.name for one in undone})
    asked = [
        Asked(
            one.publication.effective_from,
            one.publication.published_at + one.moment,
            codes[one.publication.script.name],
            one.organisation_id,
        )
        for one in undone
    ]
    for one, may_be in zip(undone, may_have_readings(asked), strict=True):
        if may_be:
            yield one.publication


def _undone(
    made: Sequence[Publication], backfills: Iterable[Backfill], organisation_id: UUID | None = None
) -> Iterator[_Undone]:
    """A script's publications that no backfill has done, of an organisation or of all."""
    done = [one for one in backfills if one.state == BackfillState.DONE]
    # What comes with a release is published before the readings come, be it a moment.
    moments = chain([timedelta()], repeat(_PUBLISHING))
    for one, moment in zip(made, moments, strict=False):
        whose = one.organisation_id or one.script.organisation_id or organisation_id
        if _reaches_back(one) and not _is_done(one, done, whose):
            yield _Undone(one, moment, whose)


def _earliest(left: Iterable[Publication]) -> Iterable[Publication]:
    """Of each script's for all, and for each organisation, the one that reaches back farthest."""
    earliest: dict[tuple[UUID, UUID | None], Publication] = {}
    for one in left:
        key = one.script_id, one.organisation_id
        if one.effective_from < earliest.setdefault(key, one).effective_from:
            earliest[key] = one
    return earliest.values()


def _reaches_back(publication: Publication) -> bool:
    # A sender's clock may be ahead.
    return publication.effective_from <= publication.published_at + settings.CLOCK_SKEW


def _is_done(publication: Publication, done: Iterable[Backfill], whose: UUID | None) -> bool:
    enough = [
        one
        for one in done
        if _covers(one, publication.pk, publication.effective_from)
        and (one.until is None or one.until >= publication.published_at + settings.CLOCK_SKEW)
    ]
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
    fitting = [
        one
        for one in backfills
        if one.state in _UNDER_WAY
        and one.until is None
        and one.organisation_id in {None, organisation_id}
        and _covers(one, publication_id, since)
    ]
    running = (one for one in fitting if one.state == BackfillState.RUNNING)
    return next(running, next(iter(fitting), None))


def _one_outdated(left: Publication, last_publication_id: int, backfills: Iterable[Backfill]) -> Outdated:
    script = left.script
    organisation = left.organisation or script.organisation
    organisation_id = None if organisation is None else organisation.pk
    found = unlike_in_force(script, left.effective_from, organisation_id)
    at_it = _under_way(backfills, last_publication_id, left.effective_from, organisation_id)
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
