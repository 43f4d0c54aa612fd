"""What a rehearsal gave, in words and as a table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinical_engine.staff import panels
from clinical_engine.staff.cells import NOTHING, Tone, badge, moment, page_of
from observations.admin.why.words import value_words
from observations.computing.rehearsing import Rehearsal, Rehearsed
from observations.engine.explaining import written
from observations.models import ScriptVersion
from patients.models import Patient

SHOWN = 200


def summary(rehearsal: Rehearsal) -> list[str]:
    """How many results there are, and how they stand to what is current, a sentence each."""
    results = rehearsal.results
    differing = sum(one.differs for one in results)
    lacking = sum(bool(one.not_computable) for one in results)
    failing = sum(bool(one.failure) for one in results)
    standing = "it stands" if differing == 1 else "they stand"
    counts = f"{differing:,} not as {standing} now, {lacking:,} not computable, {failing:,} failing"
    sentences = [f"{_number(len(results), 'result')}: {counts}. Nothing was stored."]
    if rehearsal.vanishing:
        sentences.append(
            f"{_number(rehearsal.vanishing, 'result')} that stand now would have none in their place."
        )
    if rehearsal.left_out:
        sentences.append(
            f"{_number(rehearsal.left_out, 'older result')} of the period left out: these are the newest."
        )
    return sentences


def _number(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def table_of(
    version: ScriptVersion,
    patient: Patient,
    rehearsal: Rehearsal,
    *,
    only_differing: bool,
    is_draft: bool,
) -> Mapping[str, object]:
    """The newest results, the newest first. Their buttons send the form with the id 'rehearsal'."""
    names = list(version.declared)
    case_url = reverse("admin:observations_scriptversion_case", args=[version.pk]) if is_draft else ""
    chosen = [one for one in reversed(rehearsal.results) if one.differs or not only_differing]
    table = panels.table(
        ("As of", *names, "This version gives", "Stands now", "", ""),
        (_row(one, names, patient, case_url) for one in chosen[:SHOWN]),
        empty="None.",
    )
    return {**table, "note": f"The newest {SHOWN} of {len(chosen):,}." if len(chosen) > SHOWN else ""}


def _row(one: Rehearsed, names: Sequence[str], patient: Patient, case_url: str) -> list[object]:
    time = format_html('<span id="at-{}">{}</span>', one.at, moment(one.as_of, patient.organisation.zone))
    values = [value_words(one.values[name]) if name in one.values else NOTHING for name in names]
    return [time, *values, _gives(one), _stands(one), _mark(one), _buttons(one, case_url)]


def _gives(one: Rehearsed) -> SafeString | str:
    if one.failure:
        return badge(f"fails: {one.failure}", Tone.BAD)
    if one.output is None:
        return f"not computable: {one.not_computable}"
    return _words(one.output.values, one.output.interpretation)


def _stands(one: Rehearsed) -> SafeString | str:
    stands = one.stands
    if stands is None:
        return NOTHING
    values = stands.values
    said = (
        f"not computable: {stands.not_computable}"
        if values is None
        else _words(values, stands.interpretation)
    )
    return page_of("admin:observations_observation_change", stands.id, said)


def _words(values: Mapping[str, Any], interpretation: str) -> str:
    said = ", ".join(f"{name} {written(value)}" for name, value in values.items())
    return f"{said} ({interpretation})" if interpretation else said


def _mark(one: Rehearsed) -> SafeString:
    return badge("Differs", Tone.WAITING) if one.differs else badge("Same", Tone.GOOD)


def _buttons(one: Rehearsed, case_url: str) -> SafeString:
    steps = format_html(
        '<button type="submit" form="rehearsal" name="step_by_step" value="{}" class="ce-button ce-button-quiet">Why?</button>',
        one.at,
    )
    if not case_url:
        return steps
    return format_html(
        '{} <button type="submit" form="rehearsal" formaction="{}" name="as_of" value="{}"'
        ' class="ce-button ce-button-quiet">Make it a test case</button>',
        steps,
        case_url,
        one.at,
    )


def case_of(one: Rehearsed) -> Mapping[str, Any]:
    """A test case of the inputs as they were read; what it expects is for a person to say."""
    return {"inputs": {name: _stored(value) for name, value in one.values.items() if value is not None}}


def _stored(value: object) -> object:
    """A value as a version stores it: lists and records of plain values."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [*map(_stored, value)]
    return value
