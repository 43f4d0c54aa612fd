"""Telling statements apart by their shapes: what is left of one without values, lengths of lists and numbers in names."""

from clinical_engine.profiling.fingerprints.long_texts import CUT, folded
from clinical_engine.profiling.fingerprints.shapes import Shape, names_in, shape_of

__all__ = ["CUT", "Shape", "folded", "names_in", "shape_of"]
