"""The codes that the library's scores read and give. One that somebody has added already stays as it is."""

from django.db import migrations

from observations.catalogue import preload_scores as scores


def load(apps, schema_editor):
    code_model = apps.get_model("observations", "Code")
    there = set(code_model.objects.values_list("code", flat=True))
    computed = {code for _, code, *_ in scores.COMPUTED}
    entries = [each for each in _entries() if each[1] not in there]
    new = {}
    for system, code, display, kind, _ in entries:
        low, high = scores.PLAUSIBLE.get(code, (None, None))
        new[code] = code_model(
            system=system,
            code=code,
            display=display,
            value_kind=kind,
            is_computed=code in computed,
            plausible_low=low,
            plausible_high=high,
            molar_mass=scores.MOLAR_MASSES.get(code),
        )
    code_model.objects.bulk_create(new.values())
    _load_units(apps, new, {code: units for _, code, _, kind, units in entries if kind == "quantity"})
    _load_answers(apps, new)
    if scores.CAT[1] in new:
        _load_parts(apps)


def _entries():
    return [*scores.MEASURED, *scores.CAT_ITEMS, scores.CAT, *scores.COMPUTED]


def _load_units(apps, new, units):
    names = ("shift", "numerator", "denominator")
    unit_model = apps.get_model("observations", "CodeUnit")
    unit_model.objects.bulk_create(
        unit_model(
            code=new[code],
            position=position,
            unit=unit,
            **dict(zip(names, scores.CONVERSIONS.get((named[0], unit), ("0", "1", "1")))),
        )
        for code, named in units.items()
        for position, unit in enumerate(named)
    )


def _load_answers(apps, new):
    answer_model = apps.get_model("observations", "CodeAnswer")
    answer_model.objects.bulk_create(
        answer_model(code=new[code], position=position, answer=answer, display=display, score=score)
        for code, answers in scores.ANSWERS.items()
        if code in new
        for position, (answer, display, score) in enumerate(answers)
    )


def _load_parts(apps):
    code_model, part_model = apps.get_model("observations", "Code"), apps.get_model("observations", "CodePart")
    _, cat, _, _, items = scores.CAT
    codes = {code.code: code for code in code_model.objects.filter(code__in=[cat, *items])}
    part_model.objects.bulk_create(
        part_model(panel=codes[cat], position=position, part=codes[item]) for position, item in enumerate(items)
    )


class Migration(migrations.Migration):
    dependencies = [("observations", "0010_script_indexes")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
