"""Every kind of job, with as much due work as a request has items; and whatever is done from time to time."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from clinical_engine.celery import app
from clinical_engine.jobs import worker
from clinical_engine.jobs.models import Attempt
from clinical_engine.jobs.registry import kind_of
from clinical_engine.jobs.reruns import services as reruns
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.selection import Selection
from clinical_engine.jobs.states import Outcome
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.models import DriverReading
from observations.backfill.advancing import advance as advance_backfill
from observations.intake import Sender, record_measurements
from observations.models import Measurement, MeasurementImport, MeasurementSource
from patients.models import Association, Roster, RosterState
from patients.rosters import applying, schedule
from patients.rosters.advancing import advance
from patients.services import activate, deactivate
from tests import factories
from tests.factories import NOON
from tests.observations.backfill.support import started
from tests.observations.importing.support import item, ndjson, received
from tests.profiling.written import batch, ran
from tests.scaling import rows
from tests.scaling.actions import Act, Action
from tests.scaling.endpoints import put_roster
from tests.scaling.world import World


def _due(kind: str, prepare: Callable[[World, int], None]) -> Action:
    def act(world: World, request: int) -> Act:
        prepare(world, request)
        return lambda: _work(kind)

    return Action(act, bulk=True, check=_nothing_failed)


def _work(kind: str) -> None:
    assert worker.work(kind, kind_of(kind).queue), f"No {kind} was due."


def _nothing_failed() -> None:
    assert not Attempt.objects.filter(worker=worker.worker_name(), outcome=Outcome.FAILED).exists()


def _last_roster(state: RosterState) -> None:
    assert Roster.objects.latest("received_at", "id").state == state


def _associations(world: World, request: int) -> None:
    said = [factories.statement(f"p-{number:06d}") for number in range(1, request + 1)]
    activate(submitter=world.caller.submitter, statements=said, origin=factories.BY_IMPORT)


def _ends(world: World, request: int) -> None:
    said = [factories.statement(f"p-{n:06d}", NOON - timedelta(days=50)) for n in range(1, request + 1)]
    deactivate(submitter=world.caller.submitter, statements=said, origin=factories.BY_IMPORT)


def _results(world: World, request: int) -> None:
    record_measurements(
        organisation_id=world.caller.organisation.pk,
        readings=[factories.reading(f"p-{number:06d}") for number in range(1, request + 1)],
        sender=Sender(MeasurementSource.IMPORT),
    )


def _corrections(world: World, request: int) -> None:
    """Readings that replace others which are there, each of another patient."""
    organisation_id = world.caller.organisation.pk
    keys = [world.key(rows.MEASUREMENT, number * 10 + 1) for number in range(1, request + 1)]
    replaced = Measurement.objects.filter(pk__in=keys, organisation_id=organisation_id)
    readings = [
        factories.reading(f"r-{number:06d}", replaces=client_id)
        for number, client_id in enumerate(replaced.values_list("client_id", flat=True))
    ]
    record_measurements(
        organisation_id=organisation_id, readings=readings, sender=Sender(MeasurementSource.IMPORT)
    )


def _taken_back(world: World, request: int) -> None:
    _corrections(world, request)
    _work("correct")


def _rerun(world: World, request: int) -> None:
    # All that failed is chosen, a request's worth of it is set going.
    limits = Limits(rate=request, canary=0)
    reruns.start(actor=world.actor, selection=Selection(), reason="The cause is mended", limits=limits)


def _roster(world: World, request: int) -> None:
    """A list of everybody who is linked and of as many others as the request has items."""
    others = [f"q-{number:06d}" for number in range(request)]
    put_roster(world, [*_linked(world), *others])()


def _linked(world: World) -> list[str]:
    links = Association.objects.filter(submitter=world.caller.submitter, dissociated_at=None)
    return list(links.values_list("patient__external_id", flat=True))


def _slice(world: World, request: int) -> Act:
    """One slice of a roster by which very many are to be linked, where a slice is as large as a request."""
    _roster(world, world.patients)
    roster = Roster.objects.get(submitter=world.caller.submitter, state=RosterState.COMPARING)
    advance(roster.pk, roster.job_id)

    def act() -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(applying, "SLICE", request)
            assert advance(roster.pk, roster.job_id)

    return act


def _drift(world: World, request: int) -> None:
    assert schedule.compare_what_is_due() == 1


def _import(world: World, request: int, *, dry_run: bool = False) -> None:
    """A file with a request's worth of readings of new patients, and of each sort of bad line."""
    said = [item(f"new-{n}", f"q-{n:06d}") for n in range(1, request + 1)]
    again = [item(f"m-{n}-1", f"p-{n:06d}", value=999) for n in range(1, request + 1)]
    received(world.caller.organisation, ndjson(*said, *again, *(request * [b"nothing"])), dry_run=dry_run)


def _rehearsal(world: World, request: int) -> None:
    _import(world, request, dry_run=True)


def _import_is_over() -> None:
    _nothing_failed()
    assert MeasurementImport.objects.latest("received_at", "id").finished_at is not None


def _backfill(world: World, request: int, *, dry_run: bool = False) -> Act:
    """One slice, of a request's worth of patients, of a script whose results all become others."""
    backfill = started(script=world.version.script, since=NOON - timedelta(days=1_000), dry_run=dry_run)

    def act() -> None:
        assert advance_backfill(backfill.pk, backfill.job_id, request)

    return act


# By the name of the kind, behind which a space and more words may stand.
KINDS: Mapping[str, Action] = {
    "associate": _due("associate", _associations),
    "associate unlinking": _due("associate", _ends),
    "recompute": _due("recompute", _results),
    "recompute taking back": _due("recompute", _taken_back),
    "correct": _due("correct", _corrections),
    "rerun": _due("rerun", _rerun),
    "roster": replace(_due("roster", _roster), check=lambda: _last_roster(RosterState.APPLIED)),
    "roster slice": Action(_slice, bulk=True, check=lambda: _last_roster(RosterState.APPLYING)),
    "drift": _due("drift", _drift),
    "import": replace(_due("import", _import), check=_import_is_over),
    "backfill": Action(_backfill, bulk=True),
    "backfill dry run": Action(partial(_backfill, dry_run=True), bulk=True),
    "import rehearsed": replace(_due("import", _rehearsal), check=_import_is_over),
}


def _run(task: str) -> Action:
    prepare = _CAPTURED.get(task)
    if prepare is None:
        return Action(lambda _, __: app.tasks[task].run)

    def act(_: World, request: int) -> Act:
        prepare(request)
        return app.tasks[task].run

    return Action(act, bulk=True)


def _waiting(statements: int, ago: timedelta = timedelta(0)) -> None:
    """A batch of so many statements, which the roll-up has not taken in."""
    sent = [ran(text=f"SELECT {'abcdefghij'[n % 10] * (n // 10 + 1)}") for n in range(statements)]
    batch(sent, at=timezone.now() - ago)


def _rolled_up(statements: int) -> None:
    _waiting(statements)
    roll_up()


def _aged(statements: int) -> None:
    for days in range(7):
        day = timezone.now().date() - timedelta(days=days)
        DriverReading.objects.update_or_create(driver="active_patients", day=day, defaults={"value": 1_000})
    _waiting(statements, timedelta(days=150))
    _rolled_up(statements)


# What statements cost has its own size: as many of them as a request has items, each day.
_CAPTURED: Mapping[str, Callable[[int], None]] = {
    "profiling.roll_up": _waiting,
    "profiling.estimate_growth": _rolled_up,
    "profiling.age": _aged,
}


def periodic() -> dict[str, Action]:
    """Everything on the schedule, by the name it has there."""
    # As a worker finds them when it starts, without what else Celery does then: it closes the connection.
    autodiscover_modules("tasks")
    return {name: _run(str(entry["task"])) for name, entry in app.conf.beat_schedule.items()}
