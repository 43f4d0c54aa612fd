"""Intake, corrections, publications, suspensions, backfills and recomputes of the same patients at once, on real connections."""

from collections.abc import Sequence
from concurrent.futures import Future

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs import worker
from clinical_engine.jobs.registry import kind_of
from tests.conftest import empty_database
from tests.observations.computing.histories import (
    KINDS,
    THEMES,
    MadeUp,
    Moved,
    Step,
    Suspended,
    Theme,
    Worked,
    histories,
)
from tests.observations.computing.installing import install_family
from tests.observations.computing.reference.facts import Published
from tests.observations.computing.world import World
from tests.patients.concurrency import Threads

OF_SCRIPTS = (Published, Suspended, Moved, MadeUp)
# Those whose readings are complete: which components a panel must have is the catalogue's, which other tests need as it is.
WHOLE = [theme for theme in THEMES if not {"pressure", "mood"} & {*theme.scripts}]


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize("theme", WHOLE, ids=str)
@settings(
    # The first one is the shortest there is.
    max_examples=3,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_happens_at_once_ends_in_the_results_of_a_plain_computation(
    theme: Theme, data: st.DataObject
) -> None:
    history = data.draw(histories(theme))
    empty_database()
    world = World(install_family())
    lanes: list[list[Step]] = [
        [step for step in history if isinstance(step, OF_SCRIPTS)],
        [step for step in history if not isinstance(step, (*OF_SCRIPTS, Worked))],
    ]
    with Threads(len(lanes) + len(KINDS) + 1) as threads:
        happening = [threads.start(_take_all, world, lane) for lane in lanes]
        for kind in (*KINDS, "recompute"):
            threads.start(_keep_working, happening, kind)
    world.settle()
    world.assert_as_expected()
    # Nothing failed but what a script of ours fails in on purpose.
    assert fetch_all("SELECT DISTINCT state FROM jobs_job WHERE state NOT IN ('succeeded', 'dead')") == []
    errors = {
        error
        for (error,) in fetch_all(
            "SELECT DISTINCT error_class FROM jobs_attempt WHERE outcome <> 'succeeded'"
        )
    }
    assert errors <= {"PermanentError"}


def _take_all(world: World, steps: Sequence[Step]) -> None:
    for step in steps:
        world.take(step)


def _keep_working(happening: Sequence[Future[None]], kind: str) -> None:
    while not all(future.done() for future in happening):
        worker.work(kind, kind_of(kind).queue)
