"""Preloads the catalogue of codes and the first scripted observation's code."""

from django.db import migrations

from observations.catalogue.preload import COMPUTED, DIABETES_DIARY, VITAL_SIGNS


def load(apps, schema_editor):
    code_model = apps.get_model("observations", "Code")
    code_model.objects.bulk_create(
        [
            code_model(
                system=system, code=code, display=display, value_kind=kind, units=units, is_computed=codes is COMPUTED
            )
            for codes in (VITAL_SIGNS, DIABETES_DIARY, COMPUTED)
            for system, code, display, kind, units in codes
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("observations", "0002_integrity")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
