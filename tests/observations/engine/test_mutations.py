"""Whatever an author types, only the three exceptions of the engine ever come out; a million by `mutations.py`."""

import os

import pytest

from tests.observations.engine.mutations import new_seed, run_mutants

MUTANTS = int(os.environ.get("ENGINE_MUTANTS", "3000"))
SHARDS = 4


@pytest.mark.parametrize("shard", range(SHARDS))
def test_mutated_scripts_end_in_a_result_or_one_of_three_exceptions(shard: int) -> None:
    outcomes = run_mutants(new_seed() + shard, MUTANTS // SHARDS)
    assert outcomes.total() == MUTANTS // SHARDS
    assert outcomes["ScriptRefused"] < 0.9 * outcomes.total(), (
        "mutants that are hardly scripts hardly test a run"
    )
