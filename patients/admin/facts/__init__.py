"""Facts about patients: shown, stated by hand, and said to have been entered in error."""

from patients.admin.facts import conflicts, facts

__all__ = ["conflicts", "facts"]
