"""The web process, gone between its commit and its ring."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from tests.faults.rounds import Round, Scenario
from tests.faults.scenarios.broker import hanging


@contextmanager
def _killed_before_ringing(round_: Round) -> Iterator[float]:
    engine = round_.engine
    round_.reach(0.3)
    with hanging(engine):
        round_.reach(0.6)
        # Requests are under way: some are committed and never answered, and come again.
        engine.crash("web")
        round_.reach(1)
        round_.wait(lambda: _waiting(round_) > 0)
        engine.crash("web")
        # What was written into a socket before must not be read from it later.
        engine.servers.redis.kill()
    engine.servers.redis.start()
    yield monotonic()


def _waiting(round_: Round) -> int:
    [[number]] = round_.engine.ask(
        "SELECT count(*) FROM jobs_job WHERE organisation_id = %s AND state = 'available'",
        round_.world.organisation,
    )
    return int(number)


SCENARIOS = (
    Scenario(
        "web_killed_before_ringing",
        "The web process dies after its commits, before their rings are out.",
        "While Redis is stopped by SIGSTOP the web is killed by SIGKILL twice: with requests under way, and when all has been"
        " accepted and none of its rings has got out. Redis is then killed too, so that nothing is left in a socket.",
        _killed_before_ringing,
    ),
)
