"""Whatever is said and taken back, in whatever order, batches and repetitions: what holds is what plain Python says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical_engine.common.database import fetch_all
from patients.models import FactStatus, Patient
from patients.selectors import all_facts_of
from patients.services.facts import NewFact
from submitters.models import Organisation
from tests import factories
from tests.patients.facts.support import fact, held_at, outcomes, record, retract
from tests.patients.histories import INSTANTS, at, minutes
from tests.patients.test_folding import undone

pytestmark = pytest.mark.django_db
VALUES: Mapping[str, tuple[object, ...]] = {
    "sex": ("female", "male", "?"),
    "birth_year": (1950, 1951, 3000),
    "spo2_scale": (1, 2),
}
PATIENTS = ("p-1", "p-2")


@dataclass
class PlainFacts:
    """What was accepted, in a dictionary by client id, and which client ids were taken back."""

    said: dict[str, NewFact] = field(default_factory=dict)
    in_error: set[str] = field(default_factory=set)

    def send(self, said: NewFact) -> str:
        if said.value in {"?", 3000}:
            return "refused"
        if said.client_id in self.said:
            return "duplicate" if said == self.said[said.client_id] else "conflict"
        self.said[said.client_id] = said
        return "accepted"

    def holding(self, patient: str, time: datetime) -> dict[str, str]:
        standing = [
            item
            for item in self.said.values()
            if item.external_id == patient and item.client_id not in self.in_error
        ]
        ordered = sorted(standing, key=lambda item: (item.effective_from, item.client_id))
        return {item.name: str(item.value) for item in ordered if item.effective_from <= time}


# So few names and instants that duplicates, conflicts and facts that begin at once are common.
client_ids = st.sampled_from(["a", "B", "b", "Ä", "f-1", "f-10", "f-2"])


@st.composite
def facts(draw: st.DrawFn) -> NewFact:
    name = draw(st.sampled_from(list(VALUES)))
    return fact(
        name,
        draw(st.sampled_from(VALUES[name])),
        at(draw(minutes)),
        client_id=draw(client_ids),
        external_id=draw(st.sampled_from(PATIENTS)),
    )


Step = list[NewFact] | str
"""Facts in one request, or the client id of what was entered in error."""
steps: st.SearchStrategy[Step] = st.lists(facts(), min_size=1, max_size=5) | client_ids


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """What is said, one after the other; some of it twice."""
    told = draw(st.lists(steps, min_size=1, max_size=12))
    again = draw(st.lists(st.sampled_from(told), max_size=4))
    return draw(st.permutations([*told, *again]))


def take(step: Step, organisation: Organisation, plain: PlainFacts) -> None:
    if isinstance(step, str):
        assert retract(organisation, step) == (step not in plain.in_error)
        plain.in_error.add(step)
    else:
        expected = [plain.send(item) for item in step]
        assert outcomes(record(organisation, *step)) == expected


@settings(max_examples=150, deadline=None)
@given(history=histories())
def test_what_holds_at_any_time_is_what_plain_python_says(history: list[Step]) -> None:
    with undone():
        organisation, plain = factories.organisation(), PlainFacts()
        for step in history:
            take(step, organisation, plain)
        for patient in Patient.objects.all():
            for time in INSTANTS:
                assert held_at(time, patient.pk) == plain.holding(patient.external_id, time)


@settings(max_examples=60, deadline=None)
@given(
    said=st.lists(facts(), min_size=1, max_size=8, unique_by=lambda item: item.client_id),
    in_error=st.sets(client_ids),
    data=st.data(),
)
def test_any_order_and_any_batches_end_in_the_same(
    said: list[NewFact], in_error: set[str], data: st.DataObject
) -> None:
    with undone():
        ends = []
        for _ in range(2):
            organisation = factories.organisation()
            steps: list[Step] = data.draw(st.permutations([*([item] for item in said), *in_error]))
            batches = data.draw(st.integers(1, 4))
            for step in _batched(steps, batches):
                take(step, organisation, PlainFacts(in_error=_taken_back(organisation)))
            ends.append(_all_that_holds(organisation))
        assert ends[0] == ends[1]


def _batched(steps: list[Step], number: int) -> list[Step]:
    """The steps, neighbouring facts of them `number` to a request."""
    batched: list[Step] = []
    for step in steps:
        last = batched[-1] if batched else ""
        if isinstance(step, str) or isinstance(last, str) or len(last) >= number:
            batched.append(step)
        else:
            batched[-1] = [*last, *step]
    return batched


def _taken_back(organisation: Organisation) -> set[str]:
    sql = "SELECT client_id FROM patients_factretraction WHERE organisation_id = %s"
    return {client_id for (client_id,) in fetch_all(sql, [organisation.pk])}


def _all_that_holds(organisation: Organisation) -> list[object]:
    patients = Patient.objects.filter(organisation=organisation).order_by("external_id")
    return [
        (patient.external_id, time, held_at(time, patient.pk)) for patient in patients for time in INSTANTS
    ]


@settings(max_examples=60, deadline=None)
@given(history=histories())
def test_the_status_that_is_shown_is_that_of_what_holds_now(history: list[Step]) -> None:
    with undone():
        organisation, plain = factories.organisation(), PlainFacts()
        for step in history:
            take(step, organisation, plain)
        for patient in Patient.objects.all():
            rows = list(all_facts_of(patient))
            holding = {row.name: row.value for row in rows if row.status == FactStatus.HOLDS}
            assert holding == plain.holding(patient.external_id, INSTANTS[-1])
            in_error = {row.client_id for row in rows if row.status == FactStatus.ENTERED_IN_ERROR}
            assert in_error == plain.in_error & {row.client_id for row in rows}
