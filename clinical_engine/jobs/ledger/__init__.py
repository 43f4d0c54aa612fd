"""The only writer of jobs. Every change is one conditional statement; time is the database's clock."""

from clinical_engine.jobs.ledger.claims import Stored, claim, due_work, put_back
from clinical_engine.jobs.ledger.endings import Ending, LeaseLostError, end
from clinical_engine.jobs.ledger.entries import NewJob, enqueue, enqueue_recompute
from clinical_engine.jobs.ledger.returns import return_lost, run_again

__all__ = [
    "Ending",
    "LeaseLostError",
    "NewJob",
    "Stored",
    "claim",
    "due_work",
    "end",
    "enqueue",
    "enqueue_recompute",
    "put_back",
    "return_lost",
    "run_again",
]
