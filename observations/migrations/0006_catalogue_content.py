"""The catalogue's units with their conversions, plausible ranges, panels and answers; and what tells when it changed."""

from django.db import migrations

from observations.catalogue import preload

_TABLES = ("code", "codeunit", "codeanswer", "codepart")
_NOTE = """
    CREATE FUNCTION observations_note_catalogue() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- Not now(): two transactions that began together must leave different times, and so must two changes of one.
        UPDATE observations_cataloguestate SET changed_at = clock_timestamp();
        RETURN NULL;
    END $$;
    INSERT INTO observations_cataloguestate DEFAULT VALUES;
"""


def _trigger(table):
    return migrations.RunSQL(
        f"CREATE TRIGGER note_catalogue AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON observations_{table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION observations_note_catalogue()",
        f"DROP TRIGGER note_catalogue ON observations_{table}",
    )


def load(apps, schema_editor):
    code_model = apps.get_model("observations", "Code")
    codes = {code.code: code for code in code_model.objects.all()}
    new = [
        code_model(system=system, code=code, display=display, value_kind=kind)
        for system, code, display, kind, _ in _new_codes()
        if code not in codes
    ]
    codes |= {code.code: code for code in code_model.objects.bulk_create(new)}
    _load_units(apps, codes, _units_until_now(schema_editor))
    _load_ranges(codes)
    _load_parts(apps, codes)


def _new_codes():
    items = [(*item, "coded", []) for item in preload.PHQ_9_ITEMS]
    return [preload.BLOOD_PRESSURE, preload.PHQ_9, preload.NOTE, *items]


def _units_until_now(schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT code, units FROM observations_code WHERE units <> '{}'")
        return {code: list(units) for code, units in cursor.fetchall()}


def _load_units(apps, codes, units):
    for code, unit in preload.FURTHER_UNITS.items():
        if code in units and unit not in units[code]:
            units[code].append(unit)
    unit_model = apps.get_model("observations", "CodeUnit")
    unit_model.objects.bulk_create(
        unit_model(code=codes[code], position=position, unit=unit, **_conversion(named[0], unit))
        for code, named in units.items()
        for position, unit in enumerate(named)
    )


def _conversion(canonical, unit):
    # A unit of somebody's own making stays as it was taken until now: as if it were the canonical one.
    names = ("shift", "numerator", "denominator")
    return dict(zip(names, preload.CONVERSIONS.get((canonical, unit), ("0", "1", "1")), strict=True))


def _load_ranges(codes):
    for code, (low, high) in preload.PLAUSIBLE.items():
        codes[code].plausible_low, codes[code].plausible_high = low, high
        codes[code].save(update_fields=["plausible_low", "plausible_high"])
    for code in preload.FURTHER_UNITS:
        codes[code].molar_mass = preload.GLUCOSE_MOLAR_MASS
        codes[code].save(update_fields=["molar_mass"])


def _load_parts(apps, codes):
    answer_model, part_model = apps.get_model("observations", "CodeAnswer"), apps.get_model("observations", "CodePart")
    answer_model.objects.bulk_create(
        answer_model(code=codes[item], position=position, answer=answer, display=display, score=score)
        for _, item, _ in preload.PHQ_9_ITEMS
        for position, (answer, display, score) in enumerate(preload.PHQ_9_ANSWERS)
    )
    part_model.objects.bulk_create(
        part_model(panel=codes[panel], position=position, part=codes[part])
        for _, panel, _, _, parts in (preload.BLOOD_PRESSURE, preload.PHQ_9)
        for position, part in enumerate(parts)
    )


# What was sent in another unit than the canonical one, before there were conversions: few rows, found by their units.
_CONVERT = """
    UPDATE observations_measurement measurement
    SET converted_quantity = (value_quantity + unit.shift) * unit.numerator / unit.denominator
    FROM observations_codeunit unit
    WHERE unit.position > 0 AND measurement.code_id = unit.code_id AND measurement.unit = unit.unit
      AND measurement.converted_quantity IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("observations", "0005_intake_indexes")]
    operations = [
        migrations.RunSQL(_NOTE, "DROP FUNCTION observations_note_catalogue(); DELETE FROM observations_cataloguestate"),
        # Before the rows: a table whose new rows' keys are still to be checked takes no trigger.
        *map(_trigger, _TABLES),
        migrations.RunPython(load, migrations.RunPython.noop),
        migrations.RunSQL(_CONVERT, migrations.RunSQL.noop),
    ]
