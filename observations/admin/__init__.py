"""Measurements, the scripts that compute from them, and what was computed."""

from observations.admin import conflicts, measurements, observations, scripts

__all__ = ["conflicts", "measurements", "observations", "scripts"]
