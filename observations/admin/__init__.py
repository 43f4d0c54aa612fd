"""Measurements, the scripts that compute from them, and what was computed."""

from observations.admin import catalogue, conflicts, imports, measurements, observations, refusals, scripts

__all__ = ["catalogue", "conflicts", "imports", "measurements", "observations", "refusals", "scripts"]
