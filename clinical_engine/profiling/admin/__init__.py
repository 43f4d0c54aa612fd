"""What statements cost, what was found wrong with them, and what on-call engineers do about it."""

from clinical_engine.profiling.admin import findings, statements, windows

__all__ = ["findings", "statements", "windows"]
