"""The values of a composed reading, item by item, and the words behind the code of an answer."""

from collections.abc import Iterator, Mapping

from clinical_engine.staff import panels
from observations.admin.cells import Part, parts_of
from observations.catalogue import catalogue
from observations.models import CodeAnswer, Measurement

_HEADERS = ("Item", "Code", "Value as sent", "In the canonical unit", "Answer")


def has_parts(measurement: Measurement) -> bool:
    """Whether there is more to tell than the value itself."""
    return measurement.components is not None or measurement.value_answer is not None


def parts_panel(measurement: Measurement) -> Mapping[str, object]:
    """The context of the panel; two queries."""
    parts = list(_parts(measurement))
    names = _names_of_answers(parts)
    rows = [
        (
            part.name,
            part.code,
            part.value,
            part.canonical,
            names.get((part.code, part.answer), "not in the catalogue" if part.answer else ""),
        )
        for part in parts
    ]
    return panels.table(_HEADERS, rows, empty="Nothing.")


def _parts(measurement: Measurement) -> Iterator[Part]:
    answer = measurement.value_answer
    if answer is None:
        yield from parts_of(measurement, catalogue())
    else:
        yield Part(measurement.code.code, measurement.code.display, answer, "", answer)


def _names_of_answers(parts: list[Part]) -> Mapping[tuple[str, str], str]:
    given = {part.answer for part in parts if part.answer}
    known = CodeAnswer.objects.filter(code__code__in={part.code for part in parts}, answer__in=given)
    return {
        (code, answer): display
        for code, answer, display in known.values_list("code__code", "answer", "display")
    }
