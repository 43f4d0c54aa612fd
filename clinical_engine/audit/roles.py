"""The roles of the people who use the engine: groups of permissions, named by their codes."""

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import Group, Permission
from django.db import transaction

_JOBS_SHOWN = (
    "jobs.view_attempt",
    "jobs.view_circuit",
    "jobs.view_job",
    "jobs.view_payloadrevision",
    "jobs.view_rerun",
)
_REPAIR = (
    "jobs.add_rerun",
    "jobs.cancel_job",
    "jobs.change_rerun",
    "jobs.close_circuit",
    "jobs.discard_job",
    "jobs.revise_payload",
    "jobs.run_job_again",
    "observations.add_backfill",
    "observations.add_measurementimport",
    "observations.cancel_measurementimport",
    "observations.change_measurementconflict",
    "observations.export_measurement",
    "observations.retract_measurement",
    "observations.steer_backfill",
    "patients.add_patientfact",
    "patients.add_statement",
    "patients.cancel_roster",
    "patients.confirm_roster",
    "patients.retract_patientfact",
)
_EVERYTHING_SHOWN = (
    "audit.view_auditentry",
    *_JOBS_SHOWN,
    "observations.view_backfill",
    "observations.view_code",
    "observations.view_measurement",
    "observations.view_measurementconflict",
    "observations.view_measurementimport",
    "observations.view_observation",
    "observations.view_observationscript",
    "observations.view_refusalcount",
    "observations.view_scriptversion",
    "patients.view_association",
    "patients.view_factconflict",
    "patients.view_patient",
    "patients.view_patientfact",
    "patients.view_roster",
    "patients.view_statement",
    "patients.view_statementconflict",
    "submitters.view_apiclient",
    "submitters.view_organisation",
    "submitters.view_submitter",
)
_SCRIPTS_SHOWN = (
    "observations.view_backfill",
    "observations.view_code",
    "observations.view_observationscript",
    "observations.view_scriptversion",
)
_WRITE_SCRIPTS = (
    "observations.add_observationscript",
    "observations.add_scriptversion",
    "observations.change_scriptversion",
    "observations.rehearse_scriptversion",
)
# Whoever puts something in force brings the results in line, too.
_PUBLISH_SCRIPTS = (
    "observations.add_backfill",
    "observations.publish_scriptversion",
    "observations.steer_backfill",
)
_SLOW_QUERIES = (
    "profiling.add_profilingwindow",
    "profiling.change_finding",
    "profiling.change_profilingwindow",
    "profiling.explain_capturedstatement",
    "profiling.view_capturedstatement",
    "profiling.view_finding",
    "profiling.view_profilingwindow",
    # Without it, whoever opens a window does not see what it recorded.
    "profiling.view_silk",
)
ROLES: Mapping[str, Sequence[str]] = {
    "Clinical support": (*_EVERYTHING_SHOWN, *_REPAIR),
    "Administrator": (
        *_EVERYTHING_SHOWN,
        *_REPAIR,
        "observations.add_code",
        "observations.change_code",
        *_WRITE_SCRIPTS,
        *_PUBLISH_SCRIPTS,
        *_SLOW_QUERIES,
        "submitters.add_apiclient",
        "submitters.change_apiclient",
        "submitters.add_organisation",
        "submitters.change_organisation",
        "submitters.add_submitter",
        "submitters.change_submitter",
    ),
    "Script author": (*_SCRIPTS_SHOWN, *_WRITE_SCRIPTS),
    "Script publisher": (*_SCRIPTS_SHOWN, *_PUBLISH_SCRIPTS),
    # No patient data: whoever looks at slow queries needs jobs and statements' shapes, not people. They may hold a storm up.
    "On-call engineer": (
        *_JOBS_SHOWN,
        *_SLOW_QUERIES,
        "jobs.change_rerun",
        "jobs.close_circuit",
    ),
}


@transaction.atomic
def create_roles() -> list[str]:
    """Create the groups, or bring their permissions up to date; their names. Raises LookupError for an unknown permission."""
    known = {
        f"{p.content_type.app_label}.{p.codename}": p
        for p in Permission.objects.select_related("content_type")
    }
    for name, codes in ROLES.items():
        if missing := [code for code in codes if code not in known]:
            raise LookupError(f"The role {name} names unknown permissions: {', '.join(missing)}.")
    Group.objects.bulk_create((Group(name=name) for name in ROLES), ignore_conflicts=True)
    groups = dict(Group.objects.filter(name__in=ROLES).values_list("name", "pk"))
    of_role = Group.permissions.through
    wanted = {(groups[name], known[code].pk) for name, codes in ROLES.items() for code in codes}
    rows = of_role.objects.filter(group__in=groups.values())
    surplus = [row.pk for row in rows if (row.group_id, row.permission_id) not in wanted]
    of_role.objects.filter(pk__in=surplus).delete()
    of_role.objects.bulk_create(
        (of_role(group_id=group, permission_id=permission) for group, permission in sorted(wanted)),
        ignore_conflicts=True,
    )
    return list(ROLES)
