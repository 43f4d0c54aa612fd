"""Bodies and files of very many lines, read as they come: packed or not, cut into lines, and made rows for COPY."""

from clinical_engine.common.lines.copying import ReadingStoppedError, RowStream, copy_rows
from clinical_engine.common.lines.cutting import Block, Bounds, blocks
from clinical_engine.common.lines.forms import LineForm
from clinical_engine.common.lines.refusals import refused_body
from clinical_engine.common.lines.unpacking import unpacked

__all__ = [
    "Block",
    "Bounds",
    "LineForm",
    "ReadingStoppedError",
    "RowStream",
    "blocks",
    "copy_rows",
    "refused_body",
    "unpacked",
]
