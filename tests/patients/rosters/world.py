"""The engine and its plain double side by side."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.auth.models import User

from patients import services as statements
from patients.models import Association, Roster, Statement
from patients.rosters.selectors import COUNTS
from submitters.models import Submitter
from tests import factories
from tests.patients.histories import at
from tests.patients.rosters.plain import Pair, Plain, PlainRoster, Stretch


@dataclass
class World:
    """Two submitters of one organisation, and a job for each statement: waiting, or dead."""

    plain: Plain
    work: Callable[[], int]
    submitters: list[Submitter] = field(default_factory=list)
    actor: User = field(default_factory=factories.user)
    said: list[tuple[UUID, str]] = field(default_factory=list)
    """Each statement's id and patient, in the order of arrival."""
    jobs: dict[UUID, str] = field(default_factory=dict)
    """The patient of each job that waits."""
    dead: dict[UUID, str] = field(default_factory=dict)
    rosters: list[Roster] = field(default_factory=list)
    driven_before: list[UUID] = field(default_factory=list)
    """Jobs that no longer drive the roster that they drove."""

    def __post_init__(self) -> None:
        organisation = factories.organisation()
        self.submitters = [factories.submitter(organisation) for _ in range(2)]

    def accepted(self, patient: str, answer: statements.Accepted) -> None:
        self.said.append((answer.statement_id, patient))
        self.jobs[answer.job_id] = patient

    def roster(self, choice: int) -> tuple[Roster, PlainRoster] | None:
        """One of them, the last for 0; None when there is none."""
        if not self.rosters:
            return None
        number = len(self.rosters) - 1 - choice % len(self.rosters)
        self.rosters[number].refresh_from_db()
        return self.rosters[number], self.plain.rosters[number]

    def shown(self) -> dict[Pair, list[Stretch]]:
        found: dict[Pair, list[Stretch]] = {}
        rows = Association.objects.order_by("associated_at").values_list(
            "patient__external_id", "submitter_id", "associated_at", "dissociated_at"
        )
        numbers = {submitter.pk: number for number, submitter in enumerate(self.submitters)}
        minutes = {at(minute): minute for minute in range(20)}
        for patient, submitter, begin, end in rows:
            stretch = (minutes[begin], None if end is None else minutes[end])
            found.setdefault((patient, numbers[submitter]), []).append(stretch)
        return found

    def check(self) -> None:
        """The engine and its plain double stand alike."""
        assert self.shown() == {pair: shown for pair, shown in self.plain.shown.items() if shown}
        waiting = Statement.objects.filter(fulfilled_at=None).count()
        assert waiting == len(self.plain.waiting)
        assert Statement.objects.count() == sum(map(len, self.plain.words.values()))
        stored = {roster.pk: roster for roster in Roster.objects.all()}
        for roster, plain in zip(self.rosters, self.plain.rosters, strict=True):
            now = stored[roster.pk]
            assert (now.state, now.done, now.is_last) == (plain.state, plain.done, plain.is_last)
            assert {name: getattr(now, name) for name in COUNTS} == {
                name: plain.counts[name] for name in COUNTS
            }
