"""Measurements, the scripts that compute from them, and what was computed."""

from observations.admin import (
    backfills,
    catalogue,
    conflicts,
    imports,
    measurements,
    observations,
    refusals,
    scripts,
)

__all__ = [
    "backfills",
    "catalogue",
    "conflicts",
    "imports",
    "measurements",
    "observations",
    "refusals",
    "scripts",
]
