"""A world of any number of patients, and what an action in it needs to know.

Only patients, and what is about them, become more. Organisations, submitters, accounts and API clients are few beside them, and
lists of their names have bounds of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from clinical_engine.common.database import array_literal, execute
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs.models import Circuit, Rerun
from clinical_engine.jobs.states import RerunState
from clinical_engine.profiling.models import ProfilingWindow
from observations.models import (
    Backfill,
    BackfillExample,
    BackfillState,
    Code,
    ImportState,
    MeasurementImport,
    RefusalCount,
    ScriptVersion,
)
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients.models import Roster, RosterState, StatementSource
from patients.models.rosters import OVER
from submitters.models import ApiClient, Submitter
from tests import factories
from tests.admin.world import account
from tests.factories import NOON, Caller
from tests.observations.scripts.writing import draft_of
from tests.profiling import captured
from tests.scaling import rows

OTHERS = 3
ROWS_OF_FEW = 12
# A kind of job whose circuit is open.
RESTING = "resting"


@dataclass
class World:
    """One organisation with nearly all patients, and a few others. Patient number 1 is the one that is asked about.

    `rerun`, `roster` and `file` are about as many jobs, patients and lines as there are patients, `held` waits for a person.
    """

    caller: Caller
    others: list[Submitter]
    actor: User
    rerun: Rerun
    roster: Roster
    held: Roster
    file: MeasurementImport
    version: ScriptVersion
    prefix: str
    patients: int = 0

    def __post_init__(self) -> None:
        self.api = Client(headers={"Authorization": f"Bearer {self.caller.key}"})
        self.admin = Client()
        self.admin.force_login(self.actor)

    def key(self, table: int, number: int) -> UUID:
        """The key of a row about a patient, as `rows` makes it."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {rows.key(table, '%(number)s')}", {"prefix": self.prefix, "number": number}
            )
            [key] = cursor.fetchone()
        return UUID(str(key))

    def grow(self, patients: int) -> None:
        """Add patients, and everything that is about each, until there are so many."""
        parameters = self._parameters() | {"first": self.patients + 1, "last": patients}
        for sql in rows.ALL:
            execute(sql, parameters)
        self.patients = patients

    def settle(self) -> None:
        """Let nearly all jobs have succeeded, and the rosters of others be kept, as after a long time."""
        others = {"roster": self.held.pk, "lines": 10 * self.patients}
        execute(_LINES_OF_OTHERS, others)
        execute(_CHANGES_OF_OTHERS, others)
        execute(
            """
            UPDATE jobs_job SET state = 'succeeded', finished_at = now(), lease_token = NULL, lease_expires_at = NULL
            WHERE id > %s AND state <> 'succeeded'
            """,
            [self.key(rows.JOB, 10 * self.patients // 20)],
        )

    def _parameters(self) -> dict[str, Any]:
        submitters = [self.caller.submitter, *self.others]
        return {
            "prefix": self.prefix,
            "organisations": array_literal(submitter.organisation_id for submitter in submitters),
            "submitters": array_literal(submitter.pk for submitter in submitters),
            "code": Code.objects.get(code="2339-0").pk,
            "script": self.version.script_id,
            "version": self.version.pk,
            "result_code": self.version.code_id,
            "actor": self.actor.pk,
            "rerun": self.rerun.pk,
            "roster": self.roster.pk,
            "file": self.file.pk,
        }


_LINES_OF_OTHERS = """
    INSERT INTO patients_rosterline (roster_id, line, external_id, active_since)
    SELECT %(roster)s, n, 'p-' || n, now() FROM generate_series(1, %(lines)s) AS n
"""
_CHANGES_OF_OTHERS = """
    INSERT INTO patients_rosterchange (roster_id, position, external_id, kind, effective_at)
    SELECT %(roster)s, n, 'p-' || n, 'activation', now() FROM generate_series(1, %(lines)s) AS n
"""


@contextmanager
def undone() -> Iterator[World]:
    """A world without patients; nothing of it is left afterwards."""
    with pytest.MonkeyPatch.context() as patched, transaction.atomic():
        # A task begins with renewing a connection that is in the midst of something, and here it always is.
        patched.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
        yield begin()
        transaction.set_rollback(True)


def begin() -> World:
    """A world without patients."""
    [version] = install_library(scripts=[GLUCOSE_7D])
    actor = account("superuser")
    caller = factories.caller()
    others = [factories.submitter() for _ in range(OTHERS)]
    _add_few(caller)
    for state in OVER:
        for _ in range(ROWS_OF_FEW):
            _roster(caller.submitter, state)
    roster = _roster(caller.submitter, RosterState.APPLIED, is_last=True, is_stored=True, drift_due_at=NOON)
    held = _roster(others[0], RosterState.HELD, dry_run=False, held_because="It would unlink 3 of 10.")
    reruns = [_rerun(actor, state) for state in RerunState for _ in range(ROWS_OF_FEW)]
    paused = next(rerun for rerun in reruns if rerun.state == RerunState.PAUSED)
    text = new_id().hex
    files = [_import(caller, actor, state) for state in ImportState for _ in range(ROWS_OF_FEW)]
    file = next(file for file in files if file.state == ImportState.IMPORTING)
    for standing in BackfillState:
        for _ in range(ROWS_OF_FEW):
            _backfill(version, actor, standing)
    return World(caller, others, actor, paused, roster, held, file, version, f"{text[:8]}-{text[8:12]}")


def _add_few(caller: Caller) -> None:
    for number in range(ROWS_OF_FEW):
        factories.caller()
        factories.submitter(caller.organisation)
        factories.user(is_staff=bool(number % 2))
        Group.objects.create(name=f"Group {number}")
        draft_of(GLUCOSE_7D)
        _refusals(caller, number)
        _window(is_open=number == 0)
    captured.few(ROWS_OF_FEW)
    Circuit.objects.create(
        kind=RESTING,
        failures=5,
        open_until=timezone.now() + timedelta(hours=1),
        opened_at=timezone.now(),
        error="OperationalError",
        fingerprint="0" * 16,
    )


def _refusals(caller: Caller, hours_ago: int) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours_ago)
    RefusalCount.objects.create(
        hour=hour,
        organisation=caller.organisation,
        api_client=ApiClient.objects.earliest("pk"),
        code="2339-0",
        field="unit",
        reason="wrong_unit",
        number=3,
        last_at=hour,
    )


def _window(*, is_open: bool) -> None:
    begun = timezone.now() - timedelta(hours=0 if is_open else 1)
    ProfilingWindow.objects.create(
        origin="job import",
        starts_at=begun,
        ends_at=begun + timedelta(minutes=50),
        reason="A test",
        started_by=factories.user(),
    )


def _rerun(actor: User, state: RerunState) -> Rerun:
    ended = state in {RerunState.FINISHED, RerunState.CANCELLED}
    return Rerun.objects.create(
        filter={"state": "failed", "kind": "associate"},
        actor=actor,
        reason="The cause is mended",
        state=state,
        rate=50,
        canary=5,
        failed_share=20,
        total=5,
        driver_id=new_id(),
        # In time for as long as the tests may take: one that is late is looked after.
        last_slice_at=timezone.now() + timedelta(hours=1),
        finished_at=timezone.now() if ended else None,
    )


def _roster(submitter: Submitter, state: RosterState, **fields: object) -> Roster:
    usual = {
        "organisation_id": submitter.organisation_id,
        "submitter": submitter,
        "as_of": NOON,
        "dry_run": state == RosterState.COMPARED,
        "state": state,
        "source": StatementSource.API,
        "job_id": new_id(),
        "lines": 10,
        "unreadable": 2,
        "unnamed": 0,
        "problems": [
            {"line": line, "field": "active_since", "code": "missing", "message": "It is needed."}
            for line in range(2)
        ],
        "linked_before": 10,
        "extra": 3,
        "missing": 2,
        "compared_at": timezone.now(),
        "finished_at": timezone.now() if state in OVER else None,
        # Nothing is left to be cleared away.
        "is_stored": False,
    }
    return Roster.objects.create(**{**usual, **fields})


def _backfill(version: ScriptVersion, actor: User, state: BackfillState) -> None:
    backfill = Backfill.objects.create(
        script=version.script,
        dry_run=state == BackfillState.DONE,
        since=NOON,
        reason="A fix",
        actor=actor,
        state=state,
        job_id=new_id(),
        patients=10,
        finished_at=None if state in {BackfillState.RUNNING, BackfillState.PAUSED} else timezone.now(),
    )
    BackfillExample.objects.create(backfill=backfill, patient_id=new_id(), as_of=NOON, after={"mean": 1})


def _import(caller: Caller, actor: User, state: ImportState) -> MeasurementImport:
    over = state != ImportState.IMPORTING
    return MeasurementImport.objects.create(
        organisation=caller.organisation,
        file_name="readings.ndjson",
        form="application/x-ndjson",
        dry_run=state == ImportState.TRIED,
        state=state,
        actor=actor,
        job_id=new_id(),
        finished_at=timezone.now() if over else None,
        lines=10,
        done=10 if over else 5,
        accepted=3,
        refused=2,
        reasons={"code unknown_code": 2},
    )
