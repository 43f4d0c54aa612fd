"""For whom a script fails now, with which messages, and the jobs that died of it."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import JobState
from clinical_engine.staff import panels
from clinical_engine.staff.cells import link, list_url, moment, page_of
from clinical_engine.staff.expressions import COUNT_LIMIT, bounded
from clinical_engine.staff.filters import Choice, ChoiceFilter
from observations.models import ObservationScript, ScriptFailure, ScriptVersion
from observations.recompute import RECOMPUTE
from observations.scripts.history import suspended_in_force

_SHOWN = 20
_MAY_SEE = "observations.view_scriptversion"
_MAY_SEE_PATIENTS = "patients.view_patient"
_NOBODY = "Nobody."
_OF_THE_SCRIPT = "PermanentError Script "


class FailingFilter(ChoiceFilter):
    """For the list of patients: those for whom a script fails now."""

    title = "scripts"
    parameter_name = "script"
    choices_by_value = {
        "failing": Choice(
            "One fails",
            lambda rows: rows.filter(Exists(ScriptFailure.objects.filter(patient=OuterRef("pk")))),
        )
    }


def _failures(thing: Any) -> QuerySet[ScriptFailure]:  # noqa: ANN401 - a script or a version
    rows = ScriptFailure.objects.all()
    return (
        rows.filter(version=thing) if isinstance(thing, ScriptVersion) else rows.filter(version__script=thing)
    )


def _by_message(thing: Any) -> Mapping[str, object]:  # noqa: ANN401 - as above
    # Counted up to a limit: a version may fail for every patient.
    counted = ScriptFailure.objects.filter(pk__in=_failures(thing).order_by().values("pk")[: COUNT_LIMIT + 1])
    rows = (
        counted.values("version_id", "version__number", "message")
        .annotate(patients=Count("pk"), earliest=Min("as_of"), last=Max("failed_at"))
        .order_by("-patients", "message")
    )
    return panels.table(
        ("Version", "Message", "Patients", "Earliest result", "Failed last"),
        (
            (
                page_of(
                    "admin:observations_scriptversion_change", row["version_id"], f"v{row['version__number']}"
                ),
                row["message"],
                bounded(row["patients"]),
                moment(row["earliest"]),
                moment(row["last"]),
            )
            for row in rows[:_SHOWN]
        ),
        empty=_NOBODY,
    ) | {
        "note": "A failure is gone as soon as the patient has been computed again without it: by new readings, or by a backfill."
    }


def _patients(thing: Any) -> Mapping[str, object]:  # noqa: ANN401 - as above
    rows = _failures(thing).select_related("patient", "organisation", "version").order_by("-failed_at")
    return panels.table(
        ("Patient", "Organisation", "Version", "Message", "Earliest result", "Failed last"),
        (
            (
                page_of("admin:patients_patient_change", row.patient_id, row.patient.external_id),
                row.organisation.name,
                f"v{row.version.number}",
                row.message,
                moment(row.as_of, row.organisation.zone),
                moment(row.failed_at),
            )
            for row in rows[:_SHOWN]
        ),
        empty=_NOBODY,
    ) | {"note": f"The last {_SHOWN} at most."}


def _dead_jobs(script: ObservationScript) -> Mapping[str, object]:
    """By cause; each leads to a bulk rerun of its jobs, with a dry run first."""
    dead = jobs.jobs().filter(
        kind=RECOMPUTE.name, state=JobState.DEAD, error__startswith=f"{_OF_THE_SCRIPT}{script.name} v"
    )
    counted = jobs.jobs().filter(pk__in=dead.order_by().values("pk")[: COUNT_LIMIT + 1])
    rows = counted.values("fingerprint", "error").annotate(number=Count("pk"), last=Max("finished_at"))
    return panels.table(
        ("Cause", "Jobs", "Last", ""),
        (
            (row["error"], bounded(row["number"]), moment(row["last"]), _ways(row["fingerprint"]))
            for row in rows.order_by("-number", "fingerprint")[:_SHOWN]
        ),
        empty="None.",
    ) | {
        "note": "A dead job stays dead when a later one, or a backfill, has computed its patient. Once the script is mended, "
        "run the jobs of its causes again: each then succeeds, and what is current already stays as it is."
    }


def _ways(fingerprint: str) -> SafeString:
    chosen = {"kind": RECOMPUTE.name, "fingerprint": fingerprint, "state": JobState.DEAD.value}
    shown = link(list_url("admin:jobs_job_changelist", **chosen), "Show them")
    return format_html("{} {}", shown, link(list_url("admin:jobs_rerun_new", **chosen), "Run all again"))


def _died_of_a_script(job: Any) -> bool:  # noqa: ANN401 - a row of the ledger, whose class is private to it
    return bool(
        job.kind == RECOMPUTE.name and job.state == JobState.DEAD and job.error.startswith(_OF_THE_SCRIPT)
    )


def _still_failing(job: Any) -> Mapping[str, object]:  # noqa: ANN401 - as above
    rows = ScriptFailure.objects.filter(patient=job.patient_id).select_related("version__script")
    return panels.table(
        ("Script", "Version", "Message", "Earliest result", "Failed last"),
        (
            (
                page_of(
                    "admin:observations_observationscript_change",
                    row.version.script_id,
                    row.version.script.title,
                ),
                f"v{row.version.number}",
                row.message,
                moment(row.as_of),
                moment(row.failed_at),
            )
            for row in rows.order_by("-failed_at")[:_SHOWN]
        ),
        empty="None: the patient has been computed since without a failure. Run the job again, and it succeeds.",
    )


def _is_left_out(patient: Any) -> bool:  # noqa: ANN401 - a patient of a page, which keeps what was found
    """Whether any script computes nothing for the patient; `_left_out` shows which, as they were found here."""
    failures = ScriptFailure.objects.filter(patient=patient.pk).select_related("version__script")
    suspended = ScriptVersion.objects.filter(pk__in=suspended_in_force(patient.organisation_id))
    patient.left_out_by = [
        *(
            (row.version, row.message, row.as_of, row.failed_at)
            for row in failures.order_by("-failed_at")[:_SHOWN]
        ),
        *(
            (row, f"Suspended: computes nothing for anybody. {row.suspended_because}", None, row.suspended_at)
            for row in suspended.select_related("script").order_by("script__title", "number")
        ),
    ]
    return bool(patient.left_out_by)


def _left_out(patient: Any) -> Mapping[str, object]:  # noqa: ANN401 - as `_is_left_out` left it
    zone = patient.organisation.zone
    return panels.table(
        ("Script", "Version", "Why", "Earliest result", "Last"),
        (
            (
                version.script.title,
                page_of("admin:observations_scriptversion_change", version.pk, f"v{version.number}"),
                why,
                moment(as_of, zone),
                moment(at, zone),
            )
            for version, why, as_of, at in patient.left_out_by
        ),
        empty="None.",
    ) | {
        "note": "What these scripts should say of the patient is missing, or not current. A reading entered in error is often the"
        " reason of a failure; a suspended version is resumed or replaced on its page."
    }


def offer() -> None:
    """Register the panels of scripts, versions, jobs and patients."""
    panels.register(
        "patients.patient",
        panels.Panel(
            "Scripts that compute nothing here",
            _MAY_SEE,
            _left_out,
            panels.CARDS,
            position=31,
            applies=_is_left_out,
        ),
    )
    for model in ("observations.observationscript", "observations.scriptversion"):
        panels.register(
            model,
            panels.Panel("Fails now", _MAY_SEE, _by_message, position=30),
            panels.Panel("Patients for whom it fails", _MAY_SEE_PATIENTS, _patients, position=35),
        )
    panels.register(
        "observations.observationscript",
        panels.Panel("Recompute jobs that died of it", "jobs.view_job", _dead_jobs, position=40),
    )
    panels.register(
        "jobs.job",
        panels.Panel(
            "Scripts that fail for the patient now",
            _MAY_SEE,
            _still_failing,
            position=15,
            applies=_died_of_a_script,
        ),
    )
