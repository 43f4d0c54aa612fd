"""What can happen to statements and rosters, done to the engine and to its plain double alike."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from clinical_engine.common.database import array_literal, execute
from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.jobs import services as jobs
from clinical_engine.jobs import worker
from patients import folding
from patients import services as statements
from patients.models import Patient, Roster, StatementKind
from patients.rosters import services
from patients.rosters.advancing import advance
from patients.rosters.comparing import compare_again
from patients.rosters.errors import RosterConflictError
from tests import factories
from tests.factories import BY_IMPORT
from tests.patients.histories import at
from tests.patients.rosters.plain import ENDED, MOVING, PlainRoster, Word
from tests.patients.rosters.support import lines_of, roster_from
from tests.patients.rosters.world import World

_KINDS = {True: StatementKind.ACTIVATION, False: StatementKind.DEACTIVATION}


@dataclass(frozen=True)
class Says:
    """A client states something; its own ids sort before those of rosters' statements, or after them."""

    patient: str
    submitter: int
    minute: int
    active: bool
    sorts_first: bool

    def happen(self, world: World) -> None:
        client_id = f"{'a' if self.sorts_first else 's'}-{len(world.said):04}"
        accept = statements.activate if self.active else statements.deactivate
        said = factories.statement(self.patient, at(self.minute), client_id)
        [answer] = accept(submitter=world.submitters[self.submitter], statements=[said], origin=BY_IMPORT)
        world.accepted(self.patient, answer)
        world.plain.say(self.patient, self.submitter, Word(self.minute, client_id, self.active))


@dataclass(frozen=True)
class StatesByHand:
    """Somebody of the staff states something about a patient who is known."""

    patient: str
    submitter: int
    minute: int
    active: bool

    def happen(self, world: World) -> None:
        patient = Patient.objects.filter(external_id=self.patient).first()
        if patient is None:
            return
        answer = statements.state_by_hand(
            actor=world.actor,
            patient=patient,
            submitter=world.submitters[self.submitter],
            kind=_KINDS[self.active],
            effective_at=at(self.minute),
            reason="made up",
        )
        client_id = f"staff-{len(world.said):04}"
        world.accepted(self.patient, answer)
        world.plain.say(self.patient, self.submitter, Word(self.minute, client_id, self.active))


@dataclass(frozen=True)
class Moves:
    """A patient moves to the other submitter."""

    patient: str
    to: int
    minute: int

    def happen(self, world: World) -> None:
        client_id = f"m-{len(world.said):04}"
        moved = statements.move(
            from_submitter=world.submitters[1 - self.to],
            to_submitter=world.submitters[self.to],
            statement=factories.statement(self.patient, at(self.minute), client_id),
            origin=BY_IMPORT,
        )
        for submitter, ending, answer, active in (
            (1 - self.to, "left", moved.left, False),
            (self.to, "joined", moved.joined, True),
        ):
            world.accepted(self.patient, answer)
            world.plain.say(self.patient, submitter, Word(self.minute, f"{client_id}:{ending}", active))


@dataclass(frozen=True)
class Sends:
    """A roster comes in; None for a time that cannot be read, and times after `as_of` cannot be either."""

    submitter: int
    as_of: int
    lines: tuple[tuple[str, int | None], ...]
    unnamed: int = 0
    dry_run: bool = False
    steps: int = 0
    """How many its job does at once."""

    def happen(self, world: World) -> None:
        refusal = world.plain.refusal(self.submitter, self.as_of, dry_run=self.dry_run)
        try:
            roster = roster_from(
                world.submitters[self.submitter], self._body(), at(self.as_of), dry_run=self.dry_run
            )
        except RosterConflictError as error:
            # Refused for its reason, and taken only where nothing stands in the way.
            outcome = error.code
        else:
            outcome = ""
            world.rosters.append(roster)
        assert outcome == (refusal or "")
        if refusal:
            return
        read = [(patient, None if self._is_bad(minute) else minute) for patient, minute in self.lines]
        number = len(world.plain.rosters)
        world.plain.take(PlainRoster(number, self.submitter, self.as_of, read, self.unnamed, self.dry_run))
        Drives(0, self.steps).happen(world)

    def _is_bad(self, minute: int | None) -> bool:
        return minute is None or minute > self.as_of

    def _body(self) -> bytes:
        bad = '{{"external_id": "{}", "active_since": "soon"}}\n'
        return b"{\n" * self.unnamed + b"".join(
            bad.format(patient).encode() if minute is None else lines_of([(patient, at(minute))])
            for patient, minute in self.lines
        )


@dataclass(frozen=True)
class Drives:
    """A roster's job does some steps; more than there are to do are nothing."""

    roster: int
    steps: int

    def happen(self, world: World) -> None:
        if (both := world.roster(self.roster)) is None:
            return
        for _ in range(self.steps):
            with transaction.atomic():
                advance(both[0].pk, both[0].job_id)
            world.plain.step(both[1])


@dataclass(frozen=True)
class Decides:
    """A person confirms or cancels a roster, if that is possible now."""

    roster: int
    confirms: bool

    def happen(self, world: World) -> None:
        if (both := world.roster(self.roster)) is None:
            return
        roster, plain = both
        roster.refresh_from_db()
        try:
            if self.confirms:
                services.confirm(actor=world.actor, roster_id=roster.pk, reason="made up", extra=roster.extra)
            else:
                services.cancel(actor=world.actor, roster_id=roster.pk, reason="made up")
        except NotAllowedNowError:
            assert plain.state in (*ENDED, *(MOVING if self.confirms else ()))
            return
        if self.confirms:
            assert plain.state == "held"
            world.driven_before.append(roster.job_id)
            world.plain.confirm(plain)
        else:
            plain.state = "cancelled"


@dataclass(frozen=True)
class WorksStatementsOff:
    """The jobs that wait are done, of each statement whatever is left to do."""

    def happen(self, world: World) -> None:
        for queue in settings.JOB_QUEUES:
            worker.work("associate", queue)
        for patient in world.jobs.values():
            world.plain.fold(patient)
        world.jobs.clear()


@dataclass(frozen=True)
class FoldsAgain:
    """Jobs of earlier statements run, whether they ran before or not, in whatever order."""

    choices: tuple[int, ...]

    def happen(self, world: World) -> None:
        for choice in self.choices if world.said else ():
            statement, patient = world.said[choice % len(world.said)]
            folding.fold_periods(statement_ids=[statement])
            world.plain.fold(patient)


@dataclass(frozen=True)
class Die:
    """All jobs that wait for statements' turn have used up their tries."""

    def happen(self, world: World) -> None:
        execute(
            "UPDATE jobs_job SET state = 'dead', finished_at = now() WHERE id = ANY(%s::uuid[])",
            [array_literal(world.jobs)],
        )
        world.dead |= world.jobs
        world.jobs.clear()


@dataclass(frozen=True)
class RunAgain:
    """A person runs some of the dead jobs again, and they are worked off."""

    choices: tuple[int, ...]

    def happen(self, world: World) -> None:
        dead = list(world.dead)
        chosen = {dead[choice % len(dead)] for choice in self.choices} if dead else set()
        assert jobs.run_again(actor=world.actor, job_ids=list(chosen), reason="made up") == len(chosen)
        for job in chosen:
            world.jobs[job] = world.dead.pop(job)
        WorksStatementsOff().happen(world)


@dataclass(frozen=True)
class ComparesAgain:
    """The submitters' last rosters are compared again."""

    def happen(self, world: World) -> None:
        for roster, plain in zip(world.rosters, world.plain.rosters, strict=True):
            if plain.is_last:
                roster.refresh_from_db()
                compare_again(roster)
                assert Roster.objects.get(pk=roster.pk).drift == world.plain.drift(plain)


Happening = (
    Says
    | StatesByHand
    | Moves
    | Sends
    | Drives
    | Decides
    | WorksStatementsOff
    | FoldsAgain
    | Die
    | RunAgain
    | ComparesAgain
)
