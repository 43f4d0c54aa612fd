"""Scripts that read each other, patients with readings of a few days, and backfills that are worked off step by step."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from clinical_engine.common.database import execute
from observations.backfill import pace, services
from observations.backfill.advancing import Step, advance
from observations.models import Backfill, Observation, ScriptVersion
from observations.recompute import mark_dirty
from observations.scripts.content import ScriptContent
from patients.models import Patient
from submitters.models import Submitter
from tests.factories import NOON, days
from tests.observations.facts import reading_on, record, state
from tests.observations.scripts.writing import (
    PULSE,
    content,
    draft,
    publish,
    reads,
    reads_script,
    script_named,
)

Work = Callable[[], int]
A_WEEK_AGO = NOON - days(7)
LEVEL = {"kind": "interpretation"}
FASTER = (
    'result = {"rate": pulse + 10 if pulse > 80 else pulse, "level": "abnormal" if pulse > 80 else "normal"}'
)


def rate_script(source: str) -> ScriptContent:
    """A script with a number and an interpretation, made from the latest pulse of a day."""
    outputs = {"rate": {"code": "rate"}, "level": LEVEL}
    return content(source, {"pulse": reads(PULSE)}, outputs)


PLAIN = rate_script('result = {"rate": pulse, "level": "normal"}')
CHANGED = rate_script(FASTER)
FAILING = rate_script('result = {"rate": 1 / (pulse - 90), "level": "normal"}')


def publish_chain() -> None:
    """`rate`, `mean` of its results of two days, and `double` of that; and `other`, which reads none of them."""
    publish("rate", PLAIN)
    publish(
        "mean",
        content("result = mean(rates)", {"rates": reads_script("rate", "all_within", 2, output="rate")}),
    )
    publish("double", content("result = 2 * average", {"average": reads_script("mean")}))
    publish("other", content("result = pulse", {"pulse": reads(PULSE)}))


def publish_fix(written: ScriptContent = CHANGED, since: datetime = A_WEEK_AGO) -> ScriptVersion:
    """Another version of `rate`, in force from then on."""
    return publish("rate", written, since)


def draft_fix(written: ScriptContent = CHANGED) -> ScriptVersion:
    return draft("rate", written)


def alike(number: int, values: Sequence[float] = (70, 80, 90, 100)) -> dict[str, Sequence[float]]:
    """That many patients with the same pulses."""
    return {f"p-{each}": values for each in range(number)}


def with_pulses(submitter: Submitter, pulses: Mapping[str, Sequence[float]]) -> None:
    """Patients who are active, each with one reading a day, the last at noon."""
    for name in pulses:
        state(submitter, -40, f"s-{name}", external_id=name)
    readings = [
        reading_on(place - len(values), value, name, code=PULSE, unit="/min")
        for name, values in pulses.items()
        for place, value in enumerate(values, 1)
    ]
    record(submitter, *readings)


def compute_chain(submitter: Submitter, patients: int, work: Work) -> None:
    """All four scripts published, and computed for that many patients."""
    publish_chain()
    with_pulses(submitter, alike(patients))
    work()


def started(**options: Any) -> Backfill:
    """A backfill of `rate`, everything since 30 days before noon unless said otherwise."""
    given: dict[str, Any] = {
        "actor": None,
        "script": script_named("rate"),
        "organisation": None,
        "since": NOON - days(30),
        "until": None,
        "reason": "ticket 12",
        **options,
    }
    return services.start_backfill(**given)


def step(backfill: Backfill, size: int = pace.FIRST) -> Step | None:
    """Do one step of it."""
    with transaction.atomic():
        more = advance(backfill.pk, backfill.job_id, size)
    backfill.refresh_from_db()
    return more


def finished(backfill: Backfill, size: int = pace.FIRST) -> Backfill:
    """The backfill, every step of it done."""
    while step(backfill, size):
        pass
    return backfill


Row = tuple[Any, ...]


def current_rows() -> set[Row]:
    """All current results by what they say and what they are made from, other results by script and time."""
    rows = Observation.objects.filter(superseded_at=None).select_related("script", "patient")
    by_id = {row.pk: (row.script.name, row.as_of) for row in rows}
    return {
        (
            row.patient.external_id,
            row.script.name,
            row.as_of,
            row.script_version_id,
            str(row.value),
            row.not_computable,
            row.interpretation,
            tuple(row.derived_from),
            tuple(by_id[each] for each in row.from_observations),
        )
        for row in rows
    }


def computed_live(work: Work) -> set[Row]:
    """What is current after everything has been forgotten and is computed anew; leaves that behind."""
    execute("DELETE FROM observations_observation")

    patients = dict(Patient.objects.values_list("pk", "organisation_id"))
    mark_dirty(dict.fromkeys(patients, NOON - days(100)), patients)
    work()
    return current_rows()
