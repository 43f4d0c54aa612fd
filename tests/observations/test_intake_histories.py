"""Whatever is sent, in whatever order, batches and repetitions, and whenever jobs run: the end is that of a plain dictionary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.jobs import worker
from observations.models import Measurement
from observations.readings import Reading
from patients.models import Patient
from patients.periods import Said
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.observations.facts import reading_on, record, retract, state
from tests.observations.reference import PlainIntake, assert_as_expected, current_glucose, expected_glucose
from tests.patients.test_folding import undone

Work = Callable[[], int]
pytestmark = pytest.mark.usefixtures("scripts")
PATIENTS = ("p-1", "p-2")


@dataclass(frozen=True)
class Stated:
    """A patient is said to be active, or inactive."""

    patient: str
    half_day: int
    active: bool


@dataclass(frozen=True)
class Sent:
    """Readings in one request, no client id twice."""

    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Retracted:
    """What was, or will be, sent under this client id was entered in error."""

    client_id: str


@dataclass(frozen=True)
class Worked:
    """Jobs of a kind, or of every kind one after the other, run, all that wait; `again` also those that have run before."""

    kind: str
    again: bool


KINDS = ("associate", "recompute", "correct")
EVERYTHING = Worked("", again=False)
Step = Stated | Sent | Retracted | Worked

# So few names that duplicates, conflicts, chains and second corrections are common; and so much work in between that corrections
# often find what they take back computed already.
names = st.sampled_from([f"m-{number}" for number in range(4)])
patients = st.sampled_from(PATIENTS)
half_days = st.integers(0, 24)
values = st.sampled_from([(60, "mg/dL"), (100, "mg/dL"), (181, "mg/dL"), (5, "mmol/L")])


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    value, unit = draw(values)
    name = draw(names)
    replaces = draw(st.none() | names.filter(lambda other: other != name))
    return reading_on(
        draw(half_days) / 2, value, draw(patients), client_id=name, unit=unit, replaces=replaces
    )


requests = st.lists(readings(), min_size=1, max_size=4, unique_by=lambda reading: reading.client_id)
sendings = st.builds(Sent, requests.map(tuple))
steps = st.one_of(
    sendings,
    sendings,
    st.builds(Stated, patients, half_days, st.booleans()),
    st.builds(Retracted, names),
    st.builds(Worked, st.sampled_from(KINDS), st.booleans()),
    st.just(EVERYTHING),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """What happens, one after the other; some of it twice."""
    first: list[Step] = [Stated(patient, 0, active=True) for patient in PATIENTS]
    told = [*first, *draw(st.lists(steps, min_size=6, max_size=16))]
    again = draw(st.lists(st.sampled_from(told), max_size=4))
    return draw(st.permutations([*told, *again]))


class World:
    """The engine, and the plain dictionary beside it."""

    def __init__(self) -> None:
        self.submitter: Submitter = factories.submitter()
        self.plain = PlainIntake()
        self.said: dict[str, dict[str, Said]] = {patient: {} for patient in PATIENTS}

    def take(self, step: Step) -> None:
        if isinstance(step, Sent):
            self._send(step.readings)
        elif isinstance(step, Retracted):
            assert retract(self.submitter, step.client_id) == (step.client_id not in self.plain.in_error)
            self.plain.in_error.add(step.client_id)
        elif isinstance(step, Stated):
            self._state(step)
        else:
            self._work(step)

    def _send(self, sent: Sequence[Reading]) -> None:
        outcomes = [answer.outcome.value for answer in record(self.submitter, *sent)]
        told = ["stored" if outcome in {"accepted", "held"} else outcome for outcome in outcomes]
        assert told == [self.plain.send(reading) for reading in sent]

    def _state(self, step: Stated) -> None:
        name = f"{step.patient}/{step.half_day}/{step.active}"
        self.said[step.patient][name] = Said(NOON + days(step.half_day / 2), name, step.active)
        state(self.submitter, step.half_day / 2, name, active=step.active, external_id=step.patient)

    def _work(self, step: Worked) -> None:
        if step.again:
            execute(
                "UPDATE jobs_job SET state = 'retryable', finished_at = NULL, next_run_at = clock_timestamp()"
                " WHERE kind = %s AND state = 'succeeded'",
                [step.kind],
            )
        for kind in [step.kind] if step.kind else KINDS:
            worker.work(kind, "default")

    def assert_all_is_as_a_plain_dictionary_has_it(self) -> None:
        stored = Measurement.objects.filter(organisation_id=self.submitter.organisation_id)
        assert dict(stored.values_list("client_id", "status")) == self.plain.statuses()
        for patient in Patient.objects.filter(organisation_id=self.submitter.organisation_id):
            said = list(self.said[patient.external_id].values())
            expected = expected_glucose([said], self.plain.standing(patient.external_id))
            assert_as_expected(current_glucose(patient), expected)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories())
def test_whatever_is_sent_and_said_ends_as_a_plain_dictionary_has_it(work: Work, history: list[Step]) -> None:
    with undone():
        world = World()
        for step in history:
            world.take(step)
        work()
        assert fetch_all("SELECT DISTINCT state FROM jobs_job") == [("succeeded",)]
        world.assert_all_is_as_a_plain_dictionary_has_it()
        for kind in KINDS:
            world.take(Worked(kind, again=True))
        work()
        world.assert_all_is_as_a_plain_dictionary_has_it()
