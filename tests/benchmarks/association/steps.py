"""The steps of a round of rosters, by the engine and by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from clinical_engine.jobs import rings
from patients.jobs import ASSOCIATE
from patients.models import Roster
from patients.rosters import services
from tests import factories
from tests.benchmarks.association import beside, rostering, sizes, tables
from tests.benchmarks.association.tables import ASSOCIATIONS, PATIENTS, STATEMENTS
from tests.benchmarks.engine import Engine
from tests.benchmarks.ledger.databases import working_on

# Enough that each process has done once what it does once: imports, connections, plans.
_WARM_UP = 8


@dataclass(frozen=True)
class Round:
    """Seconds of each step by the engine, and by hand."""

    unknown: float
    unknown_copied: float
    known: float
    known_copied: float
    again: float
    again_by_hand: float
    changed: float
    unlinked: float
    updated: float
    unlinkings_copied: float


class Steps:
    """The steps of a round, each from tables that are as the one before left them."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._owner, self._folder = engine, engine.owner, engine.folder
        with working_on(engine.database):
            self._confirmer: AbstractBaseUser = factories.user()
        number = sizes.ROSTER
        self._all = self._file("all", range(1, number + 1))
        self._changed = self._file("changed", range(1 + number // 100, 1 + number + number // 100))
        self._none_of_them = self._file("none", [0])
        self._rows = self._folder / "listed.rows"
        rostering.write_rows(self._rows, range(1, number + 1))

    def _file(self, name: str, places: Sequence[int]) -> Path:
        path = self._folder / f"{name}.ndjson"
        rostering.write(path, places)
        return path

    def warm_up(self) -> None:
        """Have every process handle a roster."""
        few = self._file("few", range(1, 1_001))
        for _ in range(_WARM_UP):
            self._applied(few)

    def round(self) -> Round:
        """All steps once."""
        tables.empty(self._owner)
        unknown = self._applied(self._all)
        rows = tables.export(self._owner, self._folder, (PATIENTS, STATEMENTS, ASSOCIATIONS))
        tables.empty(self._owner)
        unknown_copied = tables.seconds_to_copy(self._owner, rows)
        tables.empty(self._owner, keep_patients=True)
        known = self._applied(self._all)
        rows = tables.export(self._owner, self._folder, (STATEMENTS, ASSOCIATIONS))
        again = self._applied(self._all)
        tables.rest(self._owner)
        changed = self._applied(self._changed)
        tables.rest(self._owner)
        unlinked = self._unlinked()
        unlinkings = self._unlinkings()
        tables.empty(self._owner, keep_patients=True)
        known_copied = tables.seconds_to_copy(self._owner, rows)
        tables.rest(self._owner)
        again_by_hand = self._compared_by_hand()
        updated = self._updated()
        unlinkings_copied = tables.seconds_to_copy(self._owner, {STATEMENTS: unlinkings})
        return Round(
            unknown=unknown,
            unknown_copied=unknown_copied,
            known=known,
            known_copied=known_copied,
            again=again,
            again_by_hand=again_by_hand,
            changed=changed,
            unlinked=unlinked,
            updated=updated,
            unlinkings_copied=unlinkings_copied,
        )

    def _applied(self, file: Path) -> float:
        """Seconds until the roster is applied. What the engine does after that is over when this returns."""
        started = perf_counter()
        roster = self._engine.put_roster(file)
        self._engine.wait_for(roster, "applied")
        took = perf_counter() - started
        self._engine.wait_until_idle()
        return took

    def _unlinked(self) -> float:
        started = perf_counter()
        roster = self._engine.put_roster(self._none_of_them)
        self._engine.wait_for(roster, "held")
        with working_on(self._engine.database):
            seen = Roster.objects.get(pk=roster)
            services.confirm(
                actor=self._confirmer, roster_id=seen.pk, reason="a measurement", extra=seen.extra
            )
        self._engine.wait_for(roster, "applied")
        took = perf_counter() - started
        self._engine.wait_until_idle()
        return took

    def _unlinkings(self) -> Path:
        """The statements of deactivation, for a COPY."""
        path = self._folder / "unlinkings.rows"
        with self._owner.cursor() as cursor, path.open("wb") as file:
            # Without those of the changed roster: as many as the last one wrote.
            cursor.copy_expert(
                "COPY (SELECT * FROM patients_statement WHERE kind = 'deactivation' AND effective_at ="
                " (SELECT max(effective_at) FROM patients_statement) ORDER BY id) TO STDOUT",
                file,
            )
        return path

    def _compared_by_hand(self) -> float:
        """Seconds of finding out, in plain SQL, that nobody listed is missing. Raises RuntimeError when somebody is."""
        started = perf_counter()
        with self._owner.cursor() as cursor, self._rows.open("rb") as file:
            cursor.execute('CREATE TEMPORARY TABLE listed (external_id text COLLATE "C", since timestamptz)')
            cursor.copy_expert("COPY listed FROM STDIN", file, 256 * 1024)
            cursor.execute("ANALYZE listed")
            cursor.execute(
                "SELECT count(*) FROM listed WHERE NOT EXISTS (SELECT FROM patients_patient patient"
                " JOIN patients_association link ON link.patient_id = patient.id AND link.dissociated_at IS NULL"
                " WHERE patient.external_id = listed.external_id AND link.submitter_id = %s AND patient.organisation_id = %s)",
                [str(self._engine.caller.submitter.pk), str(self._engine.caller.organisation.pk)],
            )
            [(missing,)] = cursor.fetchall()
            cursor.execute("DROP TABLE listed")
        if missing:
            raise RuntimeError(f"{missing} are missing.")
        return perf_counter() - started

    def _updated(self) -> float:
        """Seconds of one UPDATE that ends the submitter's open associations."""
        started = perf_counter()
        with self._owner.cursor() as cursor:
            cursor.execute(
                "UPDATE patients_association SET dissociated_at = %s WHERE submitter_id = %s AND dissociated_at IS NULL",
                [timezone.now(), str(self._engine.caller.submitter.pk)],
            )
            if cursor.rowcount != sizes.ROSTER:
                raise RuntimeError(f"{cursor.rowcount} associations were open.")
        return perf_counter() - started

    def links_beside(self) -> tuple[list[float], list[float]]:
        """Milliseconds of links, and of single INSERTs, while a roster is applied."""
        tables.empty(self._owner, keep_patients=True)
        with beside.linking(self._engine) as figures:
            roster = self._engine.put_roster(self._all)
            figures.begin()
            self._engine.wait_for(roster, "applied")
        # Nobody has heard of the single links' jobs.
        rings.ring(ASSOCIATE.name, ASSOCIATE.queue)
        self._engine.wait_until_idle()
        return figures.links, figures.inserts
