"""Statements, moves, rosters, lost and repeated jobs in any order come to what the design in plain Python comes to."""

from collections.abc import Callable
from itertools import chain

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patients import folding
from patients.rosters import applying
from patients.rosters.advancing import advance
from tests.patients.rosters import happenings
from tests.patients.rosters.happenings import Happening
from tests.patients.rosters.plain import MOVING, Plain
from tests.patients.rosters.world import World
from tests.patients.test_folding import undone

Work = Callable[[], int]
SLICE = 2
patients = st.sampled_from([f"p-{number}" for number in range(4)])
submitters = st.sampled_from([0, 0, 1])
# So few that statements of the very instant of a roster are common.
minutes = st.sampled_from([0, 2, 3, 2, 1, 4])
choices = st.integers(0, 5)
line = st.tuples(patients, st.sampled_from([0, 1, 0, 1, 2, 4, None]))
lines = st.one_of(
    st.lists(line, max_size=4, unique_by=lambda line: line[0]),
    st.lists(line, max_size=4, unique_by=lambda line: line[0]),
    st.lists(line, max_size=6),
)
rosters = st.builds(
    happenings.Sends,
    submitters,
    st.sampled_from([2, 2, 3]),
    lines.map(tuple),
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([False, False, False, False, True]),
    st.sampled_from([1, 0, 2, 4]),
)
drives = st.builds(happenings.Drives, choices, st.integers(1, 4))
says = st.builds(happenings.Says, patients, submitters, minutes, st.booleans(), st.booleans())
single: st.SearchStrategy[Happening] = st.one_of(
    # The first is what a failing history shrinks to: it changes nothing.
    st.just(happenings.ComparesAgain()),
    says,
    rosters,
    drives,
    st.builds(happenings.StatesByHand, patients, submitters, minutes, st.booleans()),
    st.builds(happenings.Moves, patients, submitters, minutes),
    st.builds(happenings.Decides, choices, st.booleans()),
    st.just(happenings.WorksStatementsOff()),
    st.builds(happenings.FoldsAgain, st.lists(choices, min_size=1, max_size=3).map(tuple)),
    st.just(happenings.Die()),
    st.builds(happenings.RunAgain, st.lists(choices, min_size=1, max_size=2).map(tuple)),
)
# Alone, none of them would often fall between two steps of a roster.
in_a_row: st.SearchStrategy[list[Happening]] = st.one_of(
    single.map(lambda happening: [happening]),
    st.tuples(rosters, st.one_of(says, single), drives).map(list),
)


@pytest.mark.django_db
@pytest.mark.timeout(400)  # A failure is shrunk for minutes.
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    # To explain a failure it would trace every line of Django, for longer than it takes to read the history.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(
    linked=st.sets(patients),
    history=st.lists(in_a_row, min_size=6, max_size=20),
    share=st.sampled_from([1, 0.5, 0.05]),
)
def test_whatever_happens_in_whatever_order_the_engine_and_its_plain_double_stand_alike(
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    linked: set[str],
    history: list[list[Happening]],
    share: float,
) -> None:
    monkeypatch.setattr(applying, "SLICE", SLICE)
    with undone(), override_settings(ROSTER_GUARD_SHARE=share):
        world = World(Plain(share, SLICE), work)
        for patient in sorted(linked):
            happenings.Says(patient, 0, 0, active=True, sorts_first=True).happen(world)
        happenings.WorksStatementsOff().happen(world)
        for happening in chain.from_iterable(history):
            happening.happen(world)
        world.check()
        finish(world)
        assert not world.plain.waiting
        assert not any(roster.state in MOVING for roster in world.plain.rosters)
        repeat(world)


def finish(world: World) -> None:
    """What is dead is run again, and everything that can be done is done."""
    happenings.RunAgain(tuple(range(len(world.dead)))).happen(world)
    for number, roster in enumerate(reversed(world.plain.rosters)):
        while roster.state in MOVING:
            happenings.Drives(number, 1).happen(world)
    world.work()
    world.check()
    happenings.ComparesAgain().happen(world)


def repeat(world: World) -> None:
    """Every job runs once more, those too that no longer drive anything; nothing changes."""
    folding.fold_periods(statement_ids=[statement for statement, _ in reversed(world.said)])
    for roster in world.rosters:
        for job in (roster.job_id, *world.driven_before):
            with transaction.atomic():
                advance(roster.pk, job)
    world.check()
