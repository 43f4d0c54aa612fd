"""The ledger, for people: what waits, what failed and why, and running it again."""

from clinical_engine.jobs.admin import jobs, reruns

__all__ = ["jobs", "reruns"]
