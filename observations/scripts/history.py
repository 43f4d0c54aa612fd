"""A script's publications as people look at them: what is in force, since when, by whom, and what was before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from observations.models import ObservationScript, Publication, PublicationKind, ScriptVersion
from observations.scripts.publications import standing, time_lines
from submitters.models import Organisation


@dataclass(frozen=True, slots=True)
class History:
    """Every publication of a script, in the order in which they were made."""

    publications: Sequence[Publication]

    @property
    def last_id(self) -> int:
        """The id of the publication made last, 0 for none: what the services take as `seen`."""
        return self.publications[-1].pk if self.publications else 0

    @property
    def organisations(self) -> list[Organisation]:
        """Those that ever had a publication of their own, by name."""
        found = {one.organisation for one in self.publications if one.organisation is not None}
        return sorted(found, key=lambda organisation: organisation.name)

    def standing(self, organisation_id: UUID | None = None) -> list[Publication]:
        """The organisation's own publications that count for some time, by time; without one those for all."""
        return standing(one for one in self.publications if one.organisation_id == organisation_id)

    def at(self, time: datetime, organisation_id: UUID | None = None) -> Publication | None:
        """The publication that counts at a time, of the organisation's own or of those for all; its version may be none."""
        effective = [one for one in self.standing(organisation_id) if one.effective_from <= time]
        return effective[-1] if effective else None

    def to_come(self, time: datetime, organisation_id: UUID | None = None) -> list[Publication]:
        """Those that will count later."""
        return [one for one in self.standing(organisation_id) if one.effective_from > time]

    def pins(self, time: datetime) -> list[Publication]:
        """What the organisations that are pinned at a time are pinned to, by the organisation's name."""
        found = (self.at(time, organisation.pk) for organisation in self.organisations)
        return [one for one in found if one is not None and one.version is not None]

    def rolled_back_from(self) -> set[UUID]:
        """The ids of the versions that somebody rolled back from, and that were not put in force for all again since."""
        left: set[UUID] = set()
        for place, one in enumerate(self.publications):
            if one.organisation_id is not None or one.version_id is None:
                continue
            if one.kind == PublicationKind.ROLL_BACK:
                # What was in force when it was done, however far back it reaches.
                before = History(self.publications[:place]).at(max(one.effective_from, one.published_at))
                left |= {before.version_id} if before is not None and before.version_id else set()
            left.discard(one.version_id)
        return left

    def predecessor(self, time: datetime) -> ScriptVersion | None:
        """What was in force for all before the version of that time was first published: what one rolls back to.

        Before a withdrawal it is what was withdrawn.
        """
        now = self.at(time)
        if now is None:
            return None
        beginnings = (
            place
            for place, one in enumerate(self.publications)
            if one == now or (one.version_id == now.version_id and one.kind == PublicationKind.PUBLISH)
        )
        before = History(self.publications[: next(beginnings)]).at(time)
        return None if before is None else before.version


def history_of(script: ObservationScript) -> History:
    """A script's publications with all that they name; one query."""
    rows = script.publications.select_related(
        "version", "organisation", "published_by", "proposed_by", "script"
    )
    return History(list(rows.order_by("pk")))


def last_publication(script: ObservationScript) -> int:
    """The id of a script's publication made last, 0 for none."""
    return script.publications.order_by("-pk").values_list("pk", flat=True).first() or 0


def missing_since(version: ScriptVersion) -> datetime | None:
    """As of when a suspended version's results are missing: of its earliest failure, or of the first that came due meanwhile."""
    earliest = version.failures.order_by("as_of").values_list("as_of", flat=True).first()
    return min((time for time in (version.suspended_as_of, earliest) if time is not None), default=None)


def suspended_in_force(organisation_id: UUID | None = None) -> set[UUID]:
    """The suspended versions that are in force at any time, for the organisation or for anybody: as of then nothing is computed."""
    found = set()
    for line in time_lines():
        everybody = {line.organisation_id, *(one.organisation_id for one in line.publications)}
        for each in [organisation_id] if organisation_id else everybody:
            versions = (version for _, version in line.steps(each))
            found |= {version.version_id for version in versions if version and version.is_suspended}
    return found
