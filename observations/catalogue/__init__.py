"""The catalogue of codes: what may be sent, in which form and unit."""

from observations.catalogue.entries import Conversion, Entry, Part
from observations.catalogue.reading import Catalogue, catalogue

__all__ = ["Catalogue", "Conversion", "Entry", "Part", "catalogue"]
