"""A result explained: computed again from exactly what it names, whatever has become of that since."""

from collections.abc import Callable
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinical_engine.common.database import execute
from observations.computing.explaining import Explanation, explain
from observations.engine.explaining import Assigned, Decided
from observations.models import Code, Measurement, Observation
from observations.models.scripts import PublicationKind
from observations.readings import Reading
from observations.scripts.library import LIBRARY
from observations.scripts.library.installing import install_library
from patients.models import FactSource
from patients.services.facts import FactOrigin, NewFact, record_facts
from submitters.models import Submitter
from tests.factories import NOON, days
from tests.observations.facts import reading_on, record, retract, state
from tests.observations.library.test_computed import blood_pressure, reading
from tests.observations.scripts.writing import PULSE, WEIGHT, content, gives, publish, reads, reads_script
from tests.patients.histories import dice

Work = Callable[[], int]
GRADED = """\
if pulse > 100:
    level = "critical"
else:
    level = "normal"
result = {"mean": pulse / 2, "level": level}
"""


def pulse(day: float, value: float = 60, client_id: str | None = None) -> Reading:
    at = NOON + days(day)
    return Reading(client_id or f"pulse {day}", "p-1", PULSE, Decimal(str(value)), "/min", at)


def explained(row: Observation | None = None) -> Explanation:
    rows = Observation.objects.select_related("organisation", "script_version__script")
    return explain(rows.get(pk=row.pk) if row else rows.get(superseded_at=None))


def graded(**more: Any) -> None:
    outputs = {"mean": gives(), "level": {"kind": "interpretation"}}
    publish("graded", content(GRADED, {"pulse": reads(PULSE, **more)}, outputs))


def test_a_reading_that_came_with_an_offset_is_read_by_the_clock_of_its_sender_and_explained_so(
    submitter: Submitter, work: Work
) -> None:
    inputs = {"pulses": reads(PULSE, "all_within", timed=True)}
    publish("clock", content("result = pulses[-1].local_hour", inputs))
    nepal = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    record(submitter, Reading("n", "p-1", PULSE, Decimal(60), "/min", nepal))
    # The one that came first counts, as with everything else that is sent twice.
    record(submitter, Reading("n", "p-1", PULSE, Decimal(60), "/min", NOON))
    work()
    told = explained()
    assert Observation.objects.get().value == {"result": 17.75}
    assert told.difference == ""
    assert told.inputs[0].value == [{"value": 60.0, "hours": 0.0, "day": 0, "local_hour": 17.75}]


def test_inputs_steps_and_sources_tell_how_a_value_came_about(submitter: Submitter, work: Work) -> None:
    graded()
    record(submitter, pulse(0, 120))
    work()
    [measurement] = Measurement.objects.all()
    told = explained()
    [read] = told.inputs
    assert (read.name, read.value, read.obstacle) == ("pulse", 120, "")
    assert read.sources.measurements == [measurement.pk]
    assert told.run is not None
    assert told.run.steps == (
        Decided(1, "if pulse > 100:", outcome=True),
        Assigned(2, "level", '"critical"'),
        Assigned(5, "result", '{"mean": 60.0, "level": "critical"}'),
    )
    assert told.difference == ""
    assert told.publication is not None
    assert told.publication.kind == PublicationKind.PUBLISH


def test_a_superseded_result_is_explained_by_its_own_sources_and_names_its_successor(
    submitter: Submitter, work: Work
) -> None:
    graded()
    record(submitter, pulse(-0.1, 50, "first"))
    work()
    first = Observation.objects.get()
    retract(submitter, "first")
    record(submitter, pulse(-0.1, 110, "second"))
    work()
    told = explained(first)
    assert told.difference == ""
    assert told.inputs[0].value == 50, "what was entered in error is read as it was"
    assert told.successor == Observation.objects.get(superseded_at=None)
    assert explained().successor is None


@pytest.mark.parametrize(
    ("readings", "declared", "reason"),
    [
        ([pulse(0, client_id="weighed")], {"weight": reads(WEIGHT)}, "no value for weight"),
        (
            [pulse(0, client_id="new"), reading(WEIGHT, 70, "kg", hours=5)],
            {"weight": reads(WEIGHT, stale_after_seconds=3600)},
            "weight is stale",
        ),
        (
            [pulse(-n / 2000, client_id=f"p{n}") for n in range(1001)],
            {"all": reads(PULSE, "all_within")},
            "more than 1,000 readings of all",
        ),
    ],
    ids=["missing", "stale", "too many"],
)
def test_a_result_that_is_not_computable_names_the_input_in_the_way(
    submitter: Submitter, work: Work, readings: list[Reading], declared: dict[str, Any], reason: str
) -> None:
    publish("half", content("result = pulse", {"pulse": reads(PULSE), **declared}))
    for start in range(0, len(readings), 1000):
        record(submitter, *readings[start : start + 1000])
    work()
    row = Observation.objects.get(superseded_at=None, as_of=NOON)
    told = explained(row)
    assert row.not_computable == reason
    assert {read.name: read.obstacle for read in told.inputs} == {"pulse": "", next(iter(declared)): reason}
    assert (told.run, told.difference) == (None, "")


def test_a_script_that_finds_no_value_is_followed_to_that_line(submitter: Submitter, work: Work) -> None:
    source = "if pulse > 50:\n    result = weight\nelse:\n    result = 0"
    inputs = {"pulse": reads(PULSE), "weight": reads(WEIGHT, missing="none")}
    publish("half", content(source, inputs))
    record(submitter, pulse(0))
    work()
    told = explained()
    assert Observation.objects.get().not_computable
    assert told.run is not None
    assert told.run.steps[0] == Decided(1, "if pulse > 50:", outcome=True)
    assert told.difference == ""


def test_results_and_facts_that_it_read_are_named_beside_the_input(submitter: Submitter, work: Work) -> None:
    publish("base", content("result = pulse", {"pulse": reads(PULSE)}))
    inputs = {
        "before": reads_script("base", "all_within", 5),
        "sex": {"fact": "sex"},
        "age": {"fact": "age"},
    }
    publish("above", content('result = sum(before) + age if sex == "female" else 0', inputs))
    said = [
        NewFact("f-1", "p-1", "sex", "female", NOON - days(400)),
        NewFact("f-2", "p-1", "birth_year", 1950, NOON - days(400)),
    ]
    record_facts(organisation_id=submitter.organisation_id, facts=said, origin=FactOrigin(FactSource.API))
    record(submitter, pulse(-1, 50), pulse(0, 70))
    work()
    row = Observation.objects.get(script__name="above", as_of=NOON)
    told = explained(row)
    assert row.value == {"result": 196}
    by_name = {read.name: read for read in told.inputs}
    before, sex, age = by_name["before"], by_name["sex"], by_name["age"]
    assert before.value == [50, 70]
    assert before.sources.observations == row.from_observations
    assert {*sex.sources.facts, *age.sources.facts} == set(row.from_facts)
    assert (sex.value, age.value, told.difference) == ("female", 76, "")


def test_the_first_reading_since_the_activation_is_found_again_whatever_covers_it_today(
    submitter: Submitter, work: Work
) -> None:
    inputs = {
        "first": {"code": PULSE, "how": "first_after_activation"},
        "every": reads(PULSE, "all_within", 30),
    }
    publish("since", content("result = len(every) * 1000 + first", inputs))
    state(submitter, -6, "left", active=False)
    state(submitter, -4, "back")
    record(submitter, *(pulse(day, 60 - day) for day in (-8, -7, -3, -2)))
    work()
    row = Observation.objects.get(superseded_at=None, as_of=NOON + days(-2))
    assert row.value == {"result": 4063}
    Measurement.objects.update(association=None)
    told = explained(row)
    assert told.difference == ""
    assert {read.name: read.value for read in told.inputs}["first"] == 63


def test_a_value_that_is_not_what_its_sources_give_is_said_to_differ(
    submitter: Submitter, work: Work
) -> None:
    graded()
    record(submitter, pulse(0, 120))
    work()
    row = Observation.objects.get()
    Observation.objects.filter(pk=row.pk).update(value={"mean": 61.0})
    assert "something else" in explained().difference
    Observation.objects.filter(pk=row.pk).update(value={"mean": 60.0}, interpretation="normal")
    assert "something else" in explained().difference
    Observation.objects.filter(pk=row.pk).update(interpretation="critical", derived_from=[])
    assert explained().difference


def test_a_version_that_reads_what_the_catalogue_lacks_by_now_is_said_to_be_unreadable(
    submitter: Submitter, work: Work
) -> None:
    graded()
    record(submitter, pulse(0))
    work()
    Code.objects.filter(code=PULSE).update(code="gone")
    execute("UPDATE observations_cataloguestate SET changed_at = clock_timestamp()")
    told = explained()
    assert "catalogue" in told.difference
    assert (told.inputs, told.run) == ((), None)


def test_every_result_of_every_script_of_the_library_gives_itself_again(
    submitter: Submitter, work: Work, request: pytest.FixtureRequest
) -> None:
    random = dice(request.config.getoption("randomly_seed"))
    install_library(scripts=LIBRARY)
    for round_ in range(3):
        sent = [reading_on(-random.random() * 9, random.randint(40, 300)) for _ in range(15)]
        sent += [pulse(-random.random() * 9, random.randint(40, 160)) for _ in range(10)]
        sent += [blood_pressure(random.randint(90, 180), 80, hours=random.random() * 200) for _ in range(5)]
        record(submitter, *sent)
        work()
        taken_back = Measurement.objects.order_by("client_id").values_list("client_id", flat=True)[round_]
        retract(submitter, taken_back)
        state(submitter, -8 + round_, f"off {round_}", active=False)
        state(submitter, -7.5 + round_, f"on {round_}")
        work()
    rows = Observation.objects.select_related("organisation", "script_version__script")
    assert rows.exclude(superseded_at=None).exists()
    differing = [(row.script.name, row.not_computable) for row in rows if explain(row).difference]
    assert differing == []
    assert len({row.script_id for row in rows}) > 5


def test_more_sources_take_no_more_queries(submitter: Submitter, work: Work) -> None:
    publish("all", content("result = len(all)", {"all": reads(PULSE, "all_within", 30)}))
    record(submitter, *(pulse(-n) for n in range(20)))
    work()
    rows = Observation.objects.select_related("organisation", "script_version__script").order_by("as_of")

    def queries(row: Observation) -> int:
        with CaptureQueriesContext(connection) as captured:
            explain(row)
        return len(captured)

    first, *_, last = rows
    queries(first)
    assert queries(last) == queries(first)
