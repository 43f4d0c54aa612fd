"""The same facts in any order and batches, with corrections, publications and crashes in between, end in the same results.

`HISTORIES=2000 make test ARGS='tests/observations/computing/test_equal_by_construction.py --timeout=0'` is the long form,
which also looks for the shortest history that goes wrong.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from observations.models import CodePart, Observation
from tests.observations.computing.histories import THEMES, Theme, Worked, histories
from tests.observations.computing.installing import Installed, install_family
from tests.observations.computing.world import World
from tests.patients.test_folding import undone

_LONG = os.environ.get("HISTORIES")
EXAMPLES = int(_LONG or 12 * len(THEMES)) // len(THEMES)
# To shorten a history takes minutes, in which the time limit of a test strikes.
_PHASES = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if _LONG else [])]


@pytest.fixture
def installed(db: None) -> Installed:
    # So that components may be missing, which scripts see.
    CodePart.objects.update(is_required=False)
    return install_family()


@settings(
    max_examples=EXAMPLES,
    phases=_PHASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.parametrize("theme", THEMES, ids=str)
@given(data=st.data())
def test_whatever_happens_in_whatever_order_the_results_are_those_of_a_plain_computation(
    installed: Installed, theme: Theme, data: st.DataObject
) -> None:
    history = data.draw(histories(theme))
    with undone():
        world = World(installed)
        for step in history:
            world.take(step)
        world.settle()
        world.assert_as_expected()
        world.assert_nothing_was_replaced_by_its_like()
        rows = list(Observation.objects.order_by("id").values())
        world.take(Worked("recompute", again=True))
        world.settle()
        assert list(Observation.objects.order_by("id").values()) == rows
