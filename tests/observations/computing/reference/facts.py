"""Everything that is accepted about the patients of some organisations, and of the scripts' publications."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from observations.readings import Reading
from patients.periods import Said
from patients.services.facts import NewFact
from tests.observations.reference import PlainIntake

Association = tuple[datetime, int]
"""Since when, and with which submitter, by number."""


@dataclass(frozen=True)
class Published:
    """From a time on a version is in force: for one organisation or, without one, for all. No version: see `in_force`."""

    script: str
    organisation: int | None
    effective_from: datetime
    number: int | None


def in_force(publications: list[Published], script: str, organisation: int, time: datetime) -> int | None:
    """The number of the version: of the organisation's own publications the last one, unless it lifts a pin; else of all's."""
    effective = [one for one in publications if one.script == script and one.effective_from <= time]
    own = [one for one in effective if one.organisation == organisation]
    if own and own[-1].number is not None:
        return own[-1].number
    general = [one for one in effective if one.organisation is None]
    return general[-1].number if general else None


class PlainFacts:
    """What is accepted of all dated facts that are sent, one after the other, and what of it stands."""

    def __init__(self) -> None:
        self.said: dict[str, NewFact] = {}
        self.in_error: set[str] = set()

    def send(self, fact: NewFact) -> str:
        """What becomes of it."""
        if fact.client_id in self.said:
            return "duplicate" if self.said[fact.client_id] == fact else "conflict"
        self.said[fact.client_id] = fact
        return "accepted"

    def standing(self, external_id: str) -> list[NewFact]:
        """The patient's facts that nobody took back, each after those that it overrides."""
        facts = [
            fact
            for fact in self.said.values()
            if fact.external_id == external_id and fact.client_id not in self.in_error
        ]
        return sorted(facts, key=lambda fact: (fact.effective_from, fact.client_id))


@dataclass
class PlainOrganisation:
    """What is known in one organisation."""

    zone: ZoneInfo
    intake: PlainIntake = field(default_factory=PlainIntake)
    facts: PlainFacts = field(default_factory=PlainFacts)
    said: dict[tuple[str, int], dict[str, Said]] = field(default_factory=dict)
    """What was said of a patient and a submitter, by the statement's client id."""

    def state(self, patient: str, submitter: int, said: Said) -> None:
        """Take a statement in."""
        self.said.setdefault((patient, submitter), {}).setdefault(said.client_id, said)

    def covering(self, patient: str, time: datetime) -> Association | None:
        """The association that a measurement of that time counts by: the one that began first, then the first submitter's."""
        began = [
            (since, submitter)
            for (whose, submitter), statements in self.said.items()
            if whose == patient and (since := _active_since(list(statements.values()), time)) is not None
        ]
        return min(began, default=None)

    def covered(self, patient: str) -> list[Reading]:
        """The readings that count, in the order in which scripts see them."""
        standing = self.intake.standing(patient)
        counting = [one for one in standing if self.covering(patient, one.measured_at) is not None]
        return sorted(counting, key=lambda one: (one.measured_at, one.client_id))


def _active_since(statements: list[Said], time: datetime) -> datetime | None:
    since = None
    for said in sorted(statements, key=lambda said: (said.effective_at, said.client_id)):
        if said.effective_at <= time:
            since = (since or said.effective_at) if said.active else None
    return since
