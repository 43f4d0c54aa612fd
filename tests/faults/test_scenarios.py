"""The short form of the fault suite: every scenario, with a small load. `make faults` is the long one."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from clinical_engine.running.postgres_server import NOT_DURABLE
from tests.faults.engine import Engine
from tests.faults.outcome import read
from tests.faults.rounds import SHORT, Result, Scenario, fight
from tests.faults.sabotage import DAMAGES, Damage
from tests.faults.scenarios import CONTROL, SCENARIOS
from tests.faults.servers import running_servers
from tests.faults.verdict import judge

[SEED] = SHORT.seeds


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Processes and servers that all scenarios share."""
    home = tmp_path_factory.mktemp("faults")
    with (
        running_servers(home, NOT_DURABLE) as servers,
        Engine(servers, tmp_path_factory.mktemp("logs"), SHORT.environment) as started,
    ):
        yield started


@pytest.fixture(scope="module")
def control(engine: Engine) -> Result:
    """What the load gives without a fault."""
    return fight(CONTROL, engine, SHORT, SEED)


def test_without_a_fault_everything_comes_out_as_the_fold_of_the_facts(control: Result) -> None:
    assert control.accepted > 200
    assert (control.resent, control.restarts) == (0, 0)
    assert control.verdict.is_clean, control.verdict


@pytest.mark.parametrize("scenario", SCENARIOS[1:], ids=lambda scenario: scenario.name)
def test_a_fault_loses_nothing_does_nothing_twice_and_is_caught_up_with_in_time(
    engine: Engine, control: Result, scenario: Scenario
) -> None:
    result = fight(scenario, engine, SHORT, SEED)
    assert result.verdict.is_clean, result.verdict
    assert result.unmet == ()
    assert result.restarts == 0, "a process ended by itself"
    assert result.caught_up_seconds <= SHORT.limit(control.caught_up_seconds)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_damage_done_by_hand_is_found(engine: Engine, control: Result, damage: Damage) -> None:
    with closing(psycopg2.connect(engine.servers.environment["DATABASE_OWNER_URL"])) as connection:
        with connection.cursor() as cursor:

            def ask(statement: str, *parameters: object) -> list[Any]:
                cursor.execute(statement, parameters)
                return cursor.fetchall()

            for statement in damage.statements:
                cursor.execute(statement, {"mine": control.put.world.organisation})
                assert cursor.rowcount in {-1, 1, 2}
            verdict = judge(control.put, read(ask, control.put.world))
        connection.rollback()
    assert getattr(verdict, damage.part)[damage.what] >= 1
    assert not verdict.is_clean
