"""Measurements out, as CSV: counted and recorded before the first leaves, in a memory that does not grow with them."""

from observations.exporting.service import MOST, Asked, Export, TooManyError, export

__all__ = ["MOST", "Asked", "Export", "TooManyError", "export"]
