"""What may happen to the facts and the scripts of two organisations, drawn by hypothesis."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from observations.readings import Component, Reading
from patients.services.facts import NewFact
from tests.observations.computing.reference.facts import Published
from tests.observations.computing.reference.family import FAMILY
from tests.observations.computing.reference.seeing import NOTE
from tests.observations.computing.reference.version import (
    DIASTOLIC,
    GLUCOSE,
    INTEREST,
    MEAL,
    MOOD,
    PHQ_9,
    PRESSURE,
    SYSTOLIC,
    TEMPERATURE,
)
from tests.observations.scripts.writing import PULSE, WEIGHT

# A year ends within it, so that ages and calendar days change; windows are multiples of its steps, so that their edges are hit.
BEGIN = datetime(2025, 12, 30, tzinfo=UTC)
STEPS = 16
A_STEP = timedelta(hours=6)
PATIENTS = ((0, "p-1"), (0, "p-2"), (1, "p-1"))
"""Organisation and external id."""
ZONES = ("Europe/Amsterdam", "Pacific/Auckland", "America/Los_Angeles")
KINDS = ("associate", "recompute", "correct", "backfill")


@dataclass(frozen=True)
class Stated:
    """A patient is said to be active with a submitter, or inactive."""

    organisation: int
    patient: str
    submitter: int
    at: datetime
    client_id: str
    active: bool


@dataclass(frozen=True)
class Sent:
    """Readings in one request."""

    organisation: int
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Retracted:
    """What was, or will be, sent under this client id was entered in error."""

    organisation: int
    client_id: str


@dataclass(frozen=True)
class FactsSent:
    """Dated facts in one request."""

    organisation: int
    facts: tuple[NewFact, ...]


@dataclass(frozen=True)
class FactRetracted:
    """The same of a fact."""

    organisation: int
    client_id: str


@dataclass(frozen=True)
class Suspended:
    """A version is suspended, or computes again."""

    script: str
    number: int
    again: bool


@dataclass(frozen=True)
class Moved:
    """An organisation's calendar days begin elsewhere."""

    organisation: int
    zone: str


@dataclass(frozen=True)
class MadeUp:
    """Backfills are started of what publications, the end of suspensions and another time zone leave as it was."""


@dataclass(frozen=True)
class Worked:
    """Jobs of a kind run, all that wait; `again` also those that have run before, `lost` in a worker that dies of it."""

    kind: str
    again: bool = False
    lost: bool = False


EVERYTHING = Worked("")
Step = Stated | Sent | Retracted | FactsSent | FactRetracted | Published | Suspended | Moved | MadeUp | Worked

times = st.builds(
    lambda step, ticks: BEGIN + step * A_STEP + timedelta(microseconds=ticks),
    st.integers(0, STEPS),
    st.sampled_from([0] * 10 + [1, -1]),
)
_offsets = st.sampled_from([timezone(timedelta(minutes=minutes)) for minutes in (0, 60, -300, 345, 780)])
# So few names that duplicates, conflicts, corrections of corrections and corrections of nothing are common.
_names = st.sampled_from([f"m-{number:02}" for number in range(90)])
_fact_names = st.sampled_from([f"f-{number}" for number in range(6)])
# Most happens to one patient: what happens to nobody twice says little.
_organisations = st.sampled_from([0, 0, 0, 0, 1])
_Content = tuple[str, Any, str | None]


def _patients(organisation: int) -> st.SearchStrategy[str]:
    return st.sampled_from(["p-1", "p-1", "p-1", "p-2"] if organisation == 0 else ["p-1"])


def _quantities(code: str, *values: tuple[float, str]) -> st.SearchStrategy[_Content]:
    return st.sampled_from([(code, Decimal(str(value)), unit) for value, unit in values])


def _answers(code: str) -> st.SearchStrategy[_Content]:
    return st.sampled_from([(code, answer, None) for answer in ("LA6568-5", "LA6569-3", "LA6571-9")])


def _composed(code: str, *parts: st.SearchStrategy[_Content]) -> st.SearchStrategy[_Content]:
    drawn = st.tuples(*(part | part | st.none() for part in parts)).filter(any)
    return drawn.map(lambda found: (code, tuple(Component(*part) for part in found if part), None))


_pulse = _quantities(PULSE, (60, "/min"), (80, "/min"), (100, "/min"))
_weight = _quantities(WEIGHT, (80, "kg"), (81500, "g"), (180, "[lb_av]"))
_heat = _quantities(TEMPERATURE, (37, "Cel"), (38.5, "Cel"), (102, "[degF]"))
_glucose = _quantities(GLUCOSE, (90, "mg/dL"), (120, "mg/dL"), (100, "mg/dL"), (300, "mg/dL"), (5, "mmol/L"))
_meal: st.SearchStrategy[_Content] = st.sampled_from([(MEAL, True, None), (MEAL, False, None)])
_note: st.SearchStrategy[_Content] = st.sampled_from([(NOTE, "fine", None), (NOTE, "x" * 201, None)])
_high = _quantities(SYSTOLIC, (130, "mm[Hg]"), (150, "mm[Hg]"))
_low = _quantities(DIASTOLIC, (70, "mm[Hg]"), (90, "mm[Hg]"))
_answer = _answers(INTEREST)


@dataclass(frozen=True, repr=False)
class Theme:
    """Some scripts, and readings of what they read."""

    scripts: tuple[str, ...]
    contents: st.SearchStrategy[_Content]

    def __str__(self) -> str:
        return "-".join(self.scripts)


THEMES = (
    Theme(("level",), st.one_of(_pulse, _heat, _weight, _meal)),
    Theme(("level", "alarm"), st.one_of(_pulse, _pulse, _glucose)),
    Theme(("pressure",), st.one_of(_composed(PRESSURE, _high, _low), _high, _low)),
    Theme(("mood",), st.one_of(_composed(PHQ_9, _answer, _answers(MOOD)), _answer)),
    Theme(("heat", "level"), _heat),
    Theme(("gain", "profile"), st.one_of(_weight, _meal)),
    Theme(("sugar", "trend", "alarm"), st.one_of(_glucose, _glucose, _pulse, _note)),
)


@st.composite
def requests(draw: st.DrawFn, theme: Theme) -> Sent:
    """Readings in one request, no client id twice; one reading in six corrects another."""
    organisation = draw(_organisations)
    readings = []
    for name in draw(st.lists(_names, min_size=4, max_size=10, unique=True)):
        code, value, unit = draw(theme.contents)
        replaces = draw(st.sampled_from([None] * 5 + [f"m-{draw(st.integers(0, 89)):02}"]))
        replaces = None if replaces == name else replaces
        patient = draw(_patients(organisation))
        at = draw(times).astimezone(draw(_offsets))
        readings.append(Reading(name, patient, code, value, unit, at, replaces))
    return Sent(organisation, tuple(readings))


_FACTS = (
    ("sex", "female"),
    ("sex", "male"),
    ("birth_year", 1955),
    ("birth_year", 1956),
    ("spo2_scale", 1),
    ("spo2_scale", 2),
)


@st.composite
def fact_requests(draw: st.DrawFn) -> FactsSent:
    """Facts in one request, no client id twice."""
    organisation = draw(_organisations)
    facts = []
    for name in draw(st.lists(_fact_names, min_size=1, max_size=4, unique=True)):
        fact, value = draw(st.sampled_from(_FACTS))
        since = draw(st.sampled_from([BEGIN - timedelta(days=9)]) | times)
        facts.append(NewFact(name, draw(_patients(organisation)), fact, value, since))
    return FactsSent(organisation, tuple(facts))


@st.composite
def statements(draw: st.DrawFn) -> Stated:
    """One statement; it is a duplicate when it is drawn again."""
    organisation = draw(_organisations)
    patient, submitter = draw(_patients(organisation)), draw(st.integers(0, 1))
    at, active = draw(times), draw(st.sampled_from([True, True, False]))
    client_id = f"{patient}/{submitter}/{at:%j-%H-%M-%f}/{active}"
    return Stated(organisation, patient, submitter, at, client_id, active)


@st.composite
def pauses(draw: st.DrawFn) -> list[Stated]:
    """A patient is active always, not for a while, or with another submitter for a while and with both from then on."""
    first, last = sorted(draw(st.lists(st.integers(1, STEPS - 1), min_size=2, max_size=2, unique=True)))
    begin, end = BEGIN + first * A_STEP, BEGIN + last * A_STEP
    said = [
        Stated(0, "p-1", 0, begin, f"pause/{first}", active=False),
        Stated(0, "p-1", 0, end, f"resumed/{last}", active=True),
    ]
    other = Stated(0, "p-1", 1, begin, f"moved/{first}", active=True)
    return draw(st.sampled_from([said, [*said, other], []]))


@st.composite
def publications(draw: st.DrawFn, theme: Theme) -> Published:
    """A version published for all or pinned, a withdrawal, or a pin that is lifted."""
    script = draw(st.sampled_from(theme.scripts))
    numbers = range(1, len(FAMILY[script]) + 1)
    number = draw(st.sampled_from([None, *numbers, *numbers, *numbers]))
    return Published(script, draw(st.sampled_from([None, None, 0, 1])), draw(times), number)


@st.composite
def suspensions(draw: st.DrawFn, theme: Theme) -> Suspended:
    """A version is suspended, or computes again."""
    script = draw(st.sampled_from(theme.scripts))
    return Suspended(script, draw(st.integers(1, len(FAMILY[script]))), draw(st.booleans()))


_works = st.builds(Worked, st.sampled_from(KINDS), st.booleans(), st.booleans())


def _seldom(theme: Theme) -> st.SearchStrategy[Step]:
    return st.one_of(
        statements(),
        fact_requests(),
        publications(theme),
        publications(theme),
        st.builds(Retracted, _organisations, _names),
        st.builds(FactRetracted, _organisations, _fact_names),
        st.builds(FactRetracted, st.just(0), _fact_names),
        suspensions(theme),
        st.builds(Moved, _organisations, st.sampled_from(ZONES)),
        st.just(MadeUp()),
        _works,
        _works,
    )


@st.composite
def histories(draw: st.DrawFn, theme: Theme) -> list[Step]:
    """What happens, one after the other, some of it twice; nearly everybody is active since the beginning."""
    told: list[Step] = [
        Stated(organisation, patient, 0, BEGIN - A_STEP, f"{patient}/first", active=True)
        for organisation, patient in PATIENTS
    ]
    # Known in general, or most that reads them would never be computed.
    since = BEGIN - timedelta(days=9)
    known = NewFact("f-0", "p-1", "sex", "female", since), NewFact("f-1", "p-1", "birth_year", 1955, since)
    told.append(FactsSent(0, known))
    told += draw(st.lists(requests(theme), min_size=5, max_size=9))
    told += draw(st.lists(_seldom(theme), min_size=6, max_size=14))
    told += draw(pauses())
    told += [draw(publications(theme)), draw(publications(theme))]
    fact, value = draw(st.sampled_from(_FACTS))
    told += [
        FactsSent(0, (NewFact("f-9", "p-1", fact, value, BEGIN + draw(st.integers(0, STEPS)) * A_STEP),)),
        FactRetracted(0, "f-9"),
    ]
    told.append(draw(fact_requests()))
    told += draw(st.lists(st.sampled_from(told), max_size=3))
    # Often worked off in between, or there would be nothing to supersede.
    told += [EVERYTHING] * draw(st.integers(2, 7))
    return draw(st.permutations(told))
