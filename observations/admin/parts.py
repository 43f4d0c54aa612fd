"""The values of a composed reading, item by item, and the words behind the code of an answer."""

from collections.abc import Iterator, Mapping

from clinical_engine.staff import panels
from observations.admin.cells import Part, name_of_answer, parts_of
from observations.catalogue import Catalogue, catalogue
from observations.models import Measurement

_HEADERS = ("Item", "Code", "Value as sent", "In the canonical unit", "Answer")


def has_parts(measurement: Measurement) -> bool:
    """Whether there is more to tell than the value itself."""
    return measurement.components is not None or measurement.value_answer is not None


def parts_panel(measurement: Measurement) -> Mapping[str, object]:
    """The context of the panel; one query."""
    rows = [
        (part.name, part.code, part.answer or part.value, part.canonical, _answer(part))
        for part in _parts(measurement, catalogue())
    ]
    return panels.table(_HEADERS, rows, empty="Nothing.")


def _answer(part: Part) -> str:
    if not part.answer:
        return ""
    return part.value if part.value != part.answer else "not in the catalogue"


def _parts(measurement: Measurement, codes: Catalogue) -> Iterator[Part]:
    answer = measurement.value_answer
    if answer is None:
        yield from parts_of(measurement, codes)
    else:
        name = name_of_answer(codes.by_id.get(measurement.code_id), answer)
        yield Part(measurement.code.code, measurement.code.display, name, "", answer)
