"""How PostgreSQL would go about a captured statement, asked without its values and without running it."""

from clinical_engine.profiling.explaining.errors import CannotExplainError
from clinical_engine.profiling.explaining.plans import explain

__all__ = ["CannotExplainError", "explain"]
