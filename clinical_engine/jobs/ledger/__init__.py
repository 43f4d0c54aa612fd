"""The only writer of jobs. Every change is one conditional statement; time is the database's clock."""

from clinical_engine.jobs.ledger.claims import (
    Lease,
    Stored,
    claim,
    due_work,
    kinds_waiting,
    put_back,
    waits_for_release,
)
from clinical_engine.jobs.ledger.endings import Ending, LeaseLostError, end, failures_counted
from clinical_engine.jobs.ledger.entries import (
    NewJob,
    encode_payload,
    enqueue,
    enqueue_recompute,
    hold_recompute,
    write_and_enqueue_recompute,
)
from clinical_engine.jobs.ledger.reruns import set_going
from clinical_engine.jobs.ledger.returns import return_lost, run_again
from clinical_engine.jobs.ledger.stops import stop

__all__ = [
    "Ending",
    "Lease",
    "LeaseLostError",
    "NewJob",
    "Stored",
    "claim",
    "due_work",
    "encode_payload",
    "end",
    "enqueue",
    "enqueue_recompute",
    "failures_counted",
    "hold_recompute",
    "kinds_waiting",
    "put_back",
    "return_lost",
    "run_again",
    "set_going",
    "stop",
    "waits_for_release",
    "write_and_enqueue_recompute",
]
