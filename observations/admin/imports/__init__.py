"""Imports of measurements: sending a file, and the page that tells what became of its lines."""

from observations.admin.imports import imports

__all__ = ["imports"]
