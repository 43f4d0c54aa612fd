"""The durable ledger. Private: only ledger/ writes a job; others read through selectors.py."""

from clinical_engine.jobs.models.circuits import Circuit
from clinical_engine.jobs.models.groups import FailureGroup
from clinical_engine.jobs.models.jobs import LONGEST_RELEASE, Attempt, Job
from clinical_engine.jobs.models.periodic import PeriodicRun
from clinical_engine.jobs.models.reruns import Rerun, RerunItem
from clinical_engine.jobs.models.revisions import PayloadRevision

__all__ = [
    "LONGEST_RELEASE",
    "Attempt",
    "Circuit",
    "FailureGroup",
    "Job",
    "PayloadRevision",
    "PeriodicRun",
    "Rerun",
    "RerunItem",
]
