"""A submitter's ordinary days, with the query that broke among them."""

import os
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from itertools import count
from random import Random

from django.db import transaction
from django.utils import timezone

from clinical_engine.profiling.capture.units import unit_of_work
from observations.intake import Sender, record_measurements
from observations.models import MeasurementSource
from observations.readings import Reading
from patients import services
from patients.folding import fold_periods
from patients.models import Association, Patient
from tests import factories
from tests.benchmarks.association.populations import WRITTEN
from tests.benchmarks.ledger.backlogs import ID_AT, settle
from tests.benchmarks.ledger.databases import connect
from tests.scaling.test_planted import look_at_the_incident

_PATIENTS = f"""
    INSERT INTO patients_patient (id, organisation_id, external_id, created_at)
    SELECT {ID_AT}, %(organisation)s, 'replayed-' || i, made
    FROM (SELECT i, now() AS made FROM generate_series(%(first)s, %(last)s) i) series
"""
_ASSOCIATIONS = """
    INSERT INTO patients_association (organisation_id, patient_id, submitter_id, associated_at)
    SELECT organisation_id, id, %(submitter)s, created_at - interval '30 days' FROM patients_patient
    WHERE external_id IN (SELECT 'replayed-' || i FROM generate_series(%(first)s, %(last)s) i)
"""
_SENDER = Sender(MeasurementSource.API)
# As often as autovacuum would come: after a tenth more.
_SETTLED_EVERY = 1.1
_NEWEST = 50


class Programme:
    """One submitter whose patients become more. `chance` says which of them have something, and how often."""

    def __init__(self, at_first: int, chance: Random) -> None:
        self._at_first, self._chance = at_first, chance
        self._caller = factories.caller()
        self._numbers = count()
        self.active = 0
        self._made = self._settled = 0

    def grow(self, factor: float) -> None:
        """So many times as many are active as at first; by statements for all of them at once, which no capture sees."""
        wanted = round(self._at_first * factor) - self.active
        if wanted <= 0:
            return
        values = {
            "organisation": str(self._caller.organisation.pk),
            "submitter": str(self._caller.submitter.pk),
            "first": self._made + 1,
            "last": self._made + wanted,
        }
        with closing(connect(os.environ["DATABASE_OWNER_URL"])) as owner, owner.cursor() as cursor:
            for statement in (_PATIENTS, _ASSOCIATIONS):
                cursor.execute(statement, values)
            self._made += wanted
            self.active += wanted
            if self.active > self._settled * _SETTLED_EVERY:
                settle(owner, *WRITTEN, "observations_measurement")
                self._settled = self.active

    def work(self) -> None:
        """A day."""
        for what, origin, most in _WORK:
            for _ in range(self._chance.randint(1, most)):
                with unit_of_work(origin):
                    what(self)

    def planted(self) -> None:
        """The query that broke."""
        look_at_the_incident()

    def activate(self) -> None:
        """One patient more, as the API does it."""
        name = f"activated-{next(self._numbers)}"
        services.activate(
            submitter=self._caller.submitter,
            statements=[factories.statement(name)],
            origin=factories.BY_IMPORT,
        )

    def link(self) -> None:
        """One patient more, linked at once."""
        name = f"linked-{next(self._numbers)}"
        accepted = services.activate(
            submitter=self._caller.submitter,
            statements=[factories.statement(name)],
            origin=factories.BY_IMPORT,
        )
        with transaction.atomic():
            fold_periods(statement_ids=[each.statement_id for each in accepted])
        self.active += 1

    def measure(self) -> None:
        """Some readings of a patient."""
        name = self._somebody()
        readings = [
            Reading(f"replayed-{next(self._numbers)}", name, "8867-4", Decimal(72), "/min", timezone.now())
            for _ in range(self._chance.randint(1, 5))
        ]
        record_measurements(organisation_id=self._caller.organisation.pk, readings=readings, sender=_SENDER)

    def look(self) -> None:
        """A patient, and with whom they are linked."""
        found = Patient.objects.get(organisation=self._caller.organisation, external_id=self._somebody())
        list(Association.objects.filter(patient=found).select_related("submitter"))

    def list_newest(self) -> None:
        """The submitter's newest links."""
        is_open = Association.objects.filter(submitter=self._caller.submitter, dissociated_at=None)
        list(is_open.order_by("-associated_at")[:_NEWEST])

    def _somebody(self) -> str:
        return f"replayed-{self._chance.randint(1, self._made)}"


_WORK: tuple[tuple[Callable[[Programme], None], str, int], ...] = (
    (Programme.planted, "job associate", 1),
    (Programme.activate, "POST /api/v1/activations", 8),
    (Programme.link, "job associate", 8),
    (Programme.measure, "POST /api/v1/measurements", 12),
    (Programme.look, "GET /api/v1/patients/<uuid:patient_id>", 12),
    (Programme.list_newest, "GET /admin/patients/association/", 6),
)
"""What is done, for what, and how often a day at most."""
