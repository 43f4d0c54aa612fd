"""Reading the whole catalogue, once for as long as nobody changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from clinical_engine.common.database import fetch_all
from observations.catalogue.entries import Conversion, Entry, Part
from observations.models import Code


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every code, by its code and by its id, as they were when the catalogue had changed last at that time."""

    changed_at: datetime
    by_code: Mapping[str, Entry]
    by_id: Mapping[int, Entry]

    def measurable(self, code: str) -> Entry | None:
        """The entry of a code that a measurement may have."""
        entry = self.by_code.get(code)
        return None if entry is None or entry.is_computed else entry


_kept: Catalogue | None = None


def catalogue() -> Catalogue:
    """The catalogue as it is now. One query as long as it has not changed since this process read it last."""
    [(changed_at,)] = fetch_all(f"SELECT {CHANGED_AT}")
    return catalogue_of(changed_at)


# For who asks something else in the same query, and then checks that the copy it used is still true.
CHANGED_AT = "(SELECT changed_at FROM observations_cataloguestate)"


def kept_catalogue() -> Catalogue:
    """The copy that this process keeps, be it true or not; no query but the first time."""
    return catalogue() if _kept is None else _kept


def catalogue_of(changed_at: datetime) -> Catalogue:
    """The catalogue that had changed last at that time, or since."""
    global _kept  # noqa: PLW0603 - a copy for the whole process is the purpose
    kept = _kept
    if kept is None or kept.changed_at != changed_at:
        # The time was read before the codes: a change in between is read now, and once more the next time.
        _kept = kept = _read(changed_at)
    return kept


def _read(changed_at: datetime) -> Catalogue:
    entries = [_entry(code) for code in Code.objects.prefetch_related("units", "answers", "parts__part")]
    return Catalogue(
        changed_at, {entry.code: entry for entry in entries}, {entry.id: entry for entry in entries}
    )


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
        answers={answer.answer: answer.display for answer in code.answers.all()},
        parts={part.part.code: Part(part.part.code, part.is_required) for part in code.parts.all()},
        scores={
            answer.answer: float(answer.score) for answer in code.answers.all() if answer.score is not None
        },
        molar_mass=code.molar_mass,
    )
