"""Publications, suspensions and settings that change while results are computed, on real connections."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction
from msgspec import structs

from clinical_engine.common.database import execute
from clinical_engine.jobs import worker
from clinical_engine.jobs.registry import RERUNS_QUEUE
from observations.backfill.services import start_backfill
from observations.models import CodeAnswer, ObservationScript, ScriptVersion
from observations.scripts.publishing import resume
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.jobs.support import wait_for_a_lock_to_be_waited_for
from tests.observations.computing.reference.version import INTEREST
from tests.observations.facts import current, reasons, record, state
from tests.observations.scripts.writing import PULSE, content, draft, publish, reads
from tests.observations.test_race import work_off
from tests.patients.concurrency import Threads, uncommitted

Work = Callable[[], int]
DOUBLED = content("result = 2 * pulse", {"pulse": reads(PULSE)})


@pytest.fixture
def submitter(committed_db: None) -> Submitter:
    publish("pulse", content("result = pulse", {"pulse": reads(PULSE)}))
    submitter = factories.submitter()
    state(submitter, -40, "a")
    return submitter


def measure(submitter: Submitter, *on: float) -> None:
    record(
        submitter,
        *(factories.reading("p-1", 60, NOON + days(day), code=PULSE, unit="/min") for day in on),
    )


def backfill(since: float = -40) -> None:
    start_backfill(
        actor=None,
        script=ObservationScript.objects.get(name="pulse"),
        organisation=None,
        since=NOON + days(since),
        until=None,
        reason="Another version",
    )


def results() -> dict[float, tuple[int, float]]:
    """The number of the version and the value of each current result, by its day."""
    return {
        (row.as_of - NOON) / timedelta(days=1): (row.script_version.number, (row.value or {})["result"])
        for row in current()
    }


def recompute() -> int:
    return worker.work("recompute", "default")


def resume_elsewhere(version: ScriptVersion) -> object:
    """Resume it in a transaction of its own, committed at once; as of when it is to be made up for."""
    with Threads(1) as threads:
        return threads.start(
            lambda: resume(actor=factories.user(), version=version, reason="Mended")
        ).result()


@contextmanager
def rescored(code: str, answer: str, score: int) -> Iterator[None]:
    """The catalogue says that an answer counts so much, as long as the block lasts."""
    answers = CodeAnswer.objects.filter(code__code=code, answer=answer)
    before = answers.get().score
    answers.update(score=score)
    try:
        yield
    finally:
        answers.update(score=before)


def test_a_recompute_that_read_what_was_in_force_before_a_publication_is_made_up_for_by_its_backfill(
    submitter: Submitter, work: Work
) -> None:
    measure(submitter, -2)
    work_off(work)
    measure(submitter, -1)
    with Threads(1) as threads, uncommitted(threads, recompute):
        publish("pulse", DOUBLED, NOON - days(30))
        backfill()
        # It waits for the patient, and comes back; never does it pass a patient by whom somebody computes by the old version.
        worker.work("backfill", RERUNS_QUEUE)
        assert results() == {-2: (1, 60)}
    assert results() == {-2: (1, 60), -1: (1, 60)}
    work_off(work)
    assert results() == {-2: (2, 120), -1: (2, 120)}


def test_without_a_backfill_what_stands_stays_and_what_is_computed_from_then_on_is_of_the_new_version(
    submitter: Submitter, work: Work
) -> None:
    measure(submitter, -2)
    work_off(work)
    publish("pulse", DOUBLED, NOON - days(30))
    measure(submitter, -1)
    work_off(work)
    assert results() == {-2: (1, 60), -1: (2, 120)}


def test_a_publication_that_is_not_committed_is_not_seen_and_holds_nobody_up(
    submitter: Submitter, work: Work
) -> None:
    written = draft("pulse", DOUBLED)
    measure(submitter, -1)
    with Threads(1) as threads, uncommitted(threads, lambda: publish("pulse", DOUBLED)):
        work_off(work)
        assert results() == {-1: (1, 60)}
    assert ScriptVersion.objects.get(pk=written.pk).published_at is None
    backfill()
    work_off(work)
    assert results() == {-1: (3, 120)}


def test_what_waits_for_a_version_that_is_resumed_at_that_moment_is_computed(
    submitter: Submitter, work: Work
) -> None:
    version = ScriptVersion.objects.get()
    ScriptVersion.objects.update(suspended_at=NOON)
    measure(submitter, -1)
    work_off(work)
    # Earlier than all that waits by now: nobody who resumes the version could know of it.
    measure(submitter, -5)
    with Threads(1) as threads:
        with transaction.atomic():
            # Holds the recompute up between what it reads of the version and what it says of it.
            execute("LOCK TABLE observations_scriptfailure IN EXCLUSIVE MODE")
            computing = threads.start(recompute)
            wait_for_a_lock_to_be_waited_for()
            resumed_as_of = resume_elsewhere(version)
        computing.result()
    assert resumed_as_of == NOON - days(1)
    work_off(work)
    backfill(since=-1)
    work_off(work)
    assert results() == {-5: (1, 60), -1: (1, 60)}
    assert ScriptVersion.objects.get().suspended_as_of is None


def test_results_of_timed_readings_follow_the_organisations_time_zone_after_a_backfill(
    submitter: Submitter, work: Work
) -> None:
    publish(
        "pulse",
        content(
            "result = len([p for p in pulses if p.day == 0])",
            {"pulses": reads(PULSE, "all_within", timed=True)},
        ),
    )
    measure(submitter, -0.5, -0.25)
    work_off(work)
    assert results() == {-0.5: (2, 1), -0.25: (2, 2)}
    # There, midnight lies between the two.
    organisation = submitter.organisation
    organisation.time_zone = "America/New_York"
    organisation.save(update_fields=["time_zone"])
    backfill()
    work_off(work)
    assert results() == {-0.5: (2, 1), -0.25: (2, 1)}


def test_results_of_scores_follow_the_catalogue_after_a_backfill(submitter: Submitter, work: Work) -> None:
    publish("pulse", content("result = item", {"item": reads(INTEREST, take="score")}))
    answer = factories.reading("p-1", 0, NOON - days(1), code=INTEREST, unit=None)
    record(submitter, structs.replace(answer, value="LA6569-3"))
    work_off(work)
    assert results() == {-1: (2, 1)}
    with rescored(INTEREST, "LA6569-3", 5):
        backfill()
        work_off(work)
        assert results() == {-1: (2, 5)}
    assert reasons() == {NOON - days(1): ["the time zone or the catalogue changed"]}
