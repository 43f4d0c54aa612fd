"""Telling statements apart by their shapes: what is left of one without values, lengths of lists and numbers in names."""

from clinical_engine.profiling.fingerprints.long_texts import CUT, folded, folded_and_counted
from clinical_engine.profiling.fingerprints.shapes import NOT_SQL, OTHER, Shape, names_in, shape_of

__all__ = ["CUT", "NOT_SQL", "OTHER", "Shape", "folded", "folded_and_counted", "names_in", "shape_of"]
