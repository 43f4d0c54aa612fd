"""The columns that a file of measurements has."""

from collections.abc import Sequence

from clinical_engine.common.lines import refused_body
from clinical_engine.common.lines.csv import values_of

REQUIRED = ("client_id", "external_id", "code", "measured_at")
COLUMNS = (*REQUIRED, "value", "unit", "replaces", "components")
_EXAMPLE = "client_id,external_id,code,value,unit,measured_at"


def columns_of(header: bytes) -> Sequence[str]:
    """The columns that the first line of a CSV names, in their order.

    Raises RefusedError for a column that there is not, that is there twice, or that is missing. What stands there is never
    repeated: of a file without a header it is somebody's reading.
    """
    names = values_of(header)
    if not names:
        raise refused_body("no_header", f"Line 1 must be the header, such as {_EXAMPLE}.")
    for position, name in enumerate(names, start=1):
        if name not in COLUMNS:
            raise refused_body(
                "unknown_column",
                f"Line 1 must be the header, with commas between: its column {position} is none of {', '.join(COLUMNS)}.",
            )
        if name in names[: position - 1]:
            raise refused_body("repeated_column", f"The header names the column {name} twice.")
    if missing := [name for name in REQUIRED if name not in names]:
        raise refused_body("missing_column", f"The header lacks the column {missing[0]}.")
    if "value" not in names and "components" not in names:
        raise refused_body("missing_column", "The header lacks the column value (or components).")
    return names
