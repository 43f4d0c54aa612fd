"""A job that kills its worker each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from clinical_engine.jobs.failures import TRIES, ErrorKind
from clinical_engine.running.processes import process_of
from tests.faults.rounds import Round, Scenario

_NEIGHBOURS = 40


@contextmanager
def _poison(round_: Round) -> Iterator[float]:
    round_.reach(0.2)
    # The last one in the short form: it takes Celery up to five seconds to miss a child, and the limit has no room for them.
    place = _NEIGHBOURS // 2 if round_.form.is_long else _NEIGHBOURS
    ids = round_.enqueue("fragile", [{"deadly": number == place} for number in range(_NEIGHBOURS + 1)])
    round_.deadly.append(ids[place])
    round_.wait(lambda: _is_in_state(round_, "running"))
    yield monotonic()
    round_.require(holds=_attempts(round_, "succeeded") == 0, sentence="the deadly job succeeded")
    round_.require(holds=_is_isolated(round_), sentence="the deadly job took its neighbours down twice")
    if round_.form.is_long:
        round_.wait(lambda: _is_given_up(round_))
        lost = _attempts(round_, "lost")
        round_.require(
            holds=lost == TRIES[ErrorKind.LOST], sentence="the deadly job was not given up at the limit"
        )
    else:
        _put_aside(round_)


def _is_isolated(round_: Round) -> bool:
    """Whether each of the others was lost with it once at most."""
    [[most]] = round_.engine.ask(
        "SELECT max(lost) FROM (SELECT count(*) AS lost FROM jobs_attempt WHERE job_id = ANY(%s::uuid[]) AND outcome = 'lost'"
        " AND NOT job_id = ANY(%s::uuid[]) GROUP BY job_id) AS of_each",
        round_.jobs,
        round_.deadly,
    )
    return most is None or int(most) <= 1


def _is_given_up(round_: Round) -> bool:
    """Whether the job is dead. A lease that its killed worker still has is cut short, or ten of them would take long."""
    holding = "SELECT claimed_by FROM jobs_job WHERE id = %s AND state = 'running'"
    for (claimed_by,) in round_.engine.ask(holding, round_.deadly[0]):
        if process_of(int(claimed_by.rpartition(":")[2])) is None:
            round_.engine.ask(
                "UPDATE jobs_job SET lease_expires_at = clock_timestamp() WHERE id = %s AND claimed_by = %s",
                round_.deadly[0],
                claimed_by,
            )
    return _is_in_state(round_, "dead")


def _put_aside(round_: Round) -> None:
    """Let the job kill no more workers."""
    round_.engine.ask(
        "UPDATE jobs_job SET state = 'cancelled', finished_at = clock_timestamp(), lease_token = NULL, lease_expires_at = NULL"
        " WHERE id = %s",
        round_.deadly[0],
    )


def _is_in_state(round_: Round, state: str) -> bool:
    asked = "SELECT 1 FROM jobs_job WHERE id = %s AND state = %s"
    return bool(round_.engine.ask(asked, round_.deadly[0], state))


def _attempts(round_: Round, outcome: str) -> int:
    asked = "SELECT 1 FROM jobs_attempt WHERE job_id = %s AND outcome = %s"
    return len(round_.engine.ask(asked, round_.deadly[0], outcome))


SCENARIOS = (
    Scenario(
        "poison_job",
        "A job kills its worker each time it is tried.",
        f"A job whose handler sends SIGKILL to its own process, in one batch with {_NEIGHBOURS} others, which must all"
        " succeed in time; it must itself be dead after the limit of lost workers (its leases are then cut short).",
        _poison,
    ),
)
