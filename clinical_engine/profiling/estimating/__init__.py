"""Once a day for each statement: whether it grows, with what, and when it reaches its limit."""

from clinical_engine.profiling.estimating.ageing import age
from clinical_engine.profiling.estimating.drivers import record_drivers
from clinical_engine.profiling.estimating.driving import estimate_due

__all__ = ["age", "estimate_due", "record_drivers"]
