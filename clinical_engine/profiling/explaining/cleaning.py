"""Taking constants out of a plan."""

import re

from clinical_engine.profiling.fingerprints.lexing import REST_OF_PLAIN, VALUE

_STRING = re.compile(rf"'{REST_OF_PLAIN}", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w$.\"])(?<!Plan )[0-9][\w.]*")
# In lines of their own below a node, as `Filter: (a = 5)`; but not `Workers Planned: 2`.
_DETAIL = re.compile(r"^(\s+)([A-Z][\w ]*): (.*)$", re.DOTALL)
_COUNTS = {"Workers Planned", "Partitions", "Subplans Removed"}


def cleaned(line: str) -> str:
    """A line of a plan with '?' for each constant; costs, numbers of rows and parameters stay."""
    line = _STRING.sub(VALUE, line)
    detail = _DETAIL.match(line)
    if detail is None or detail[2] in _COUNTS:
        return line
    return f"{detail[1]}{detail[2]}: {_NUMBER.sub(VALUE, detail[3])}"
