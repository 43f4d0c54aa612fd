"""Reading the whole catalogue, once for as long as nobody changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from clinical_engine.common.database import fetch_all
from observations.catalogue.entries import Conversion, Entry, Part
from observations.models import Code


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every code, by its code and by its id."""

    by_code: Mapping[str, Entry]
    by_id: Mapping[int, Entry]

    def measurable(self, code: str) -> Entry | None:
        """The entry of a code that a measurement may have."""
        entry = self.by_code.get(code)
        return None if entry is None or entry.is_computed else entry


_kept: tuple[datetime, Catalogue] | None = None


def catalogue() -> Catalogue:
    """The catalogue as it is now. One query as long as it has not changed since this process read it last."""
    global _kept  # noqa: PLW0603 - a copy for the whole process is the purpose
    [(changed_at,)] = fetch_all("SELECT changed_at FROM observations_cataloguestate")
    kept = _kept
    if kept is None or kept[0] != changed_at:
        # The time was read before the codes: a change in between is read now, and once more the next time.
        _kept = kept = changed_at, _read()
    return kept[1]


def _read() -> Catalogue:
    entries = [_entry(code) for code in Code.objects.prefetch_related("units", "answers", "parts__part")]
    return Catalogue({entry.code: entry for entry in entries}, {entry.id: entry for entry in entries})


def _entry(code: Code) -> Entry:
    units = {
        unit.unit: None if unit.position == 0 else Conversion(unit.shift, unit.numerator, unit.denominator)
        for unit in code.units.all()
    }
    return Entry(
        id=code.pk,
        code=code.code,
        system=code.system,
        display=code.display,
        kind=code.value_kind,
        is_computed=code.is_computed,
        units=units,
        plausible_low=code.plausible_low,
        plausible_high=code.plausible_high,
        answers={answer.answer: answer.score for answer in code.answers.all()},
        parts={part.part.code: Part(part.part.code, part.is_required) for part in code.parts.all()},
    )
