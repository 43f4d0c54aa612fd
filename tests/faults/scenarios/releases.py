"""Two releases, the newer with another format of a payload and a kind of its own: side by side, forward, back, forward again."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from tests.faults.rounds import Round, Scenario

_NEW = {"RELEASE": "release-2", "FAULTS_FORMAT": "2"}
_JOBS = 20
_OLD_PAYLOADS = [{"number": number} for number in range(_JOBS)]
_NEW_PAYLOADS = [{"numbers": [number]} for number in range(_JOBS)]


@contextmanager
def _releases(round_: Round) -> Iterator[float]:
    engine = round_.engine
    engine.start("everything-new", "web-new", **_NEW)
    round_.reach(0.2)
    # Side by side.
    round_.enqueue("renamed", _OLD_PAYLOADS)
    new = _enqueue_new(round_)
    # Forward: the old workers go, while jobs of the old format still come in.
    engine.end("worker", "reruns")
    round_.enqueue("renamed", _OLD_PAYLOADS)
    new += _enqueue_new(round_)
    round_.wait(lambda: _states(round_, round_.jobs) == {"succeeded"})
    # Rolled back, when the newer release has just written some more.
    engine.end("everything-new")
    waiting = _enqueue_new(round_)
    engine.end("web-new")
    engine.start("worker", "reruns")
    old = round_.enqueue("renamed", _OLD_PAYLOADS)
    round_.wait(lambda: _states(round_, old) == {"succeeded"})
    round_.reach(1)
    round_.require(
        holds=_states(round_, waiting) == {"available"} and not _releases_of(round_, waiting),
        sentence="the older release touched jobs that it cannot do",
    )
    # Forward again, beside the old workers.
    engine.launch("everything-new", **_NEW)
    yield monotonic()
    round_.require(
        holds=_releases_of(round_, [*new, *waiting]) == {_NEW["RELEASE"]},
        sentence="jobs of the newer release ran on another",
    )
    engine.end("everything-new")


def _enqueue_new(round_: Round) -> list[str]:
    """Jobs that only the newer release can do: of its format, and of a kind that it introduces."""
    return [
        *round_.enqueue("renamed", _NEW_PAYLOADS, web="web-new"),
        *round_.enqueue("introduced", [{}] * _JOBS, web="web-new"),
    ]


def _states(round_: Round, jobs: list[str]) -> set[str]:
    return {
        state
        for (state,) in round_.engine.ask(
            "SELECT DISTINCT state FROM jobs_job WHERE id = ANY(%s::uuid[])", jobs
        )
    }


def _releases_of(round_: Round, jobs: list[str]) -> set[str]:
    """Which releases have tried the jobs."""
    return {
        release
        for (release,) in round_.engine.ask(
            "SELECT DISTINCT release FROM jobs_attempt WHERE job_id = ANY(%s::uuid[])", jobs
        )
    }


SCENARIOS = (
    Scenario(
        "releases",
        "An old and a new release run side by side, then only the new one, then only the old one again, then both.",
        "Workers of two releases, of which the newer writes another format of a payload and has a kind of its own; jobs that the"
        " older cannot do must wait untouched while it runs alone.",
        _releases,
    ),
)
