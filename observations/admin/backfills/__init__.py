"""Backfills and comparisons: starting one, following it, steering it, and what it changes."""

from observations.admin.backfills import backfills

__all__ = ["backfills"]
