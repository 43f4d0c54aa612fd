"""Our own pages of the admin, and what is done on them."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.states import RerunState
from clinical_engine.profiling.models import CapturedStatement, Finding, ProfilingWindow
from observations.admin.workbench.forms import DraftForms
from observations.catalogue.content import content_of
from observations.models import Backfill, Code, MeasurementConflict, ScriptVersion
from submitters.models import ApiClient, Submitter
from tests.admin.workbench.typed import sent_of
from tests.scaling import rows
from tests.scaling.actions import Act, Action, expect
from tests.scaling.world import RESTING, World

REASON = {"reason": "A test of what grows"}


def look_at(path: str, query: Mapping[str, str] | None = None, *statuses: int) -> Action:
    """A page that is shown, or answered with one of the statuses."""
    url = f"{path}?{urlencode(query)}" if query else path
    return Action(lambda world, _: lambda: expect(world.admin.get(url), *(statuses or (200,))))


def _do(path: str, fields: Mapping[str, object] | None = None, *, takes_all: bool = False) -> Action:
    sent = REASON | dict(fields or {})
    return Action(
        lambda world, _: lambda: expect(world.admin.post(path, sent), 302),
        takes_all=takes_all,
        check=_was_recorded,
    )


def _was_recorded() -> None:
    assert AuditEntry.objects.filter(reason=REASON["reason"]).exists(), "Nothing was done."


def own_pages(world: World) -> dict[str, Action]:
    """By the page's name, behind which a space and more words may stand."""
    return {
        "index": look_at(reverse("admin:index")),
        "patient_plots": look_at(
            reverse("patient_plots", args=[world.key(rows.PATIENT, 1)]), {"period": "all"}
        ),
        "observations_observation_why": look_at(
            reverse("admin:observations_observation_why", args=[world.key(rows.OBSERVATION, 11)])
        ),
        "search": look_at(reverse("admin:search"), {"s": "p-000001"}),
        "app_list": look_at(reverse("admin:app_list", args=["patients"])),
        **_asked_and_done("submitters_apiclient_revoke", ApiClient.objects.earliest("pk").pk),
        **_desk(),
        **_jobs(world),
        **_measurements(world),
        **_catalogue(),
        **_reruns(world),
        **_windows(),
        **_slow_queries(),
        **_rosters(world),
        **_imports(world),
        **_backfills(world),
        **_stated_by_hand(world),
        **_facts(world),
        **_drafts(),
    }


def _asked_and_done(
    name: str, *arguments: object, fields: Mapping[str, str] | None = None
) -> dict[str, Action]:
    address = reverse(f"admin:{name}", args=arguments)
    return {name: look_at(address), f"{name} done": _do(address, fields)}


def _desk() -> dict[str, Action]:
    desk = reverse("admin:jobs_job_desk")
    return {
        "jobs_job_desk": look_at(desk),
        "jobs_job_desk last": look_at(desk, {"order": "last", "causes": "all"}),
        **_asked_and_done("jobs_job_close_circuit", RESTING),
    }


def _jobs(world: World) -> dict[str, Action]:
    dead, invalid, waiting = (world.key(rows.JOB, number) for number in (12, 13, 14))
    edit = reverse("admin:jobs_job_edit_payload", args=[invalid])
    # Behind the one revision that there is already.
    edited = {"text": f'{{"statement_id": "{world.key(rows.STATEMENT, 11)}"}}', "seen": "1"}
    return {
        **_asked_and_done("jobs_job_run_this_again", dead),
        **_asked_and_done("jobs_job_cancel_this", waiting),
        **_asked_and_done("jobs_job_discard_this", dead),
        "jobs_job_edit_payload": look_at(edit),
        "jobs_job_edit_payload done": _do(edit, edited),
        "jobs_job_changelist run_again": _do_to_ticked(world, "run_again", 2),
        "jobs_job_changelist cancel": _do_to_ticked(world, "cancel", 4),
        "jobs_job_changelist discard": _do_to_ticked(world, "discard", 2),
    }


def _do_to_ticked(world: World, deed: str, place: int) -> Action:
    ticked = [str(world.key(rows.JOB, 10 * number + place)) for number in (1, 2, 3)]
    return _do(reverse("admin:jobs_job_changelist"), {"action": deed, ACTION_CHECKBOX_NAME: ticked})


def _measurements(world: World) -> dict[str, Action]:
    measurement = world.key(rows.MEASUREMENT, 11)
    conflict = MeasurementConflict.objects.get(measurement=measurement).pk
    export, of_one = "observations_measurement_export", {"patient__id__exact": world.key(rows.PATIENT, 1)}
    return {
        **_asked_and_done("observations_measurement_retract", measurement),
        **_asked_and_done("observations_measurementconflict_keep_first", conflict),
        **_asked_and_done("observations_measurementconflict_take_second", conflict),
        export: look_at(reverse(f"admin:{export}")),
        f"{export} done": Action(
            lambda world, _: partial(_exported, world, {**REASON, **of_one}), check=_was_recorded
        ),
    }


def _catalogue() -> dict[str, Action]:
    code, unused = Code.objects.get(code="8867-4"), Code.objects.get(code="patient-note").pk
    edit = reverse("admin:observations_code_edit", args=[code.pk])
    changed = {"display": "Pulse", "units": "/min", "seen": content_of(code).mark}
    return {
        "observations_code_edit": look_at(edit),
        "observations_code_edit done": _do(edit, changed),
        **_asked_and_done("observations_code_remove", unused),
    }


def _exported(world: World, fields: Mapping[str, object]) -> None:
    answer: Any = world.admin.post(reverse("admin:observations_measurement_export"), fields)
    assert answer.streaming, "Nothing was exported."
    b"".join(answer.streaming_content)


def _reruns(world: World) -> dict[str, Action]:
    new, running = reverse("admin:jobs_rerun_new"), Rerun.objects.filter(state=RerunState.RUNNING)[0]
    limits = {"rate": 5, "canary": 2, "failed_share": 20}
    return {
        "jobs_rerun_new": look_at(new, {"kind": "associate"}),
        # Its request is what the filter matches: every job that failed.
        "jobs_rerun_new done": _do(f"{new}?kind=associate", limits, takes_all=True),
        "jobs_rerun_live": look_at(reverse("admin:jobs_rerun_live", args=[world.rerun.pk])),
        **_asked_and_done("jobs_rerun_pause", running.pk),
        **_asked_and_done("jobs_rerun_resume", world.rerun.pk),
        **_asked_and_done("jobs_rerun_cancel", world.rerun.pk),
    }


def _windows() -> dict[str, Action]:
    prefix = "profiling_profilingwindow"
    asked = {"origin": "job associate", "minutes": 10, "per_cent": 100}
    return {
        f"{prefix}_add done": _do(reverse(f"admin:{prefix}_add"), asked),
        **_asked_and_done(f"{prefix}_stop", ProfilingWindow.objects.earliest("pk").pk),
    }


def _slow_queries() -> dict[str, Action]:
    finding, statement = Finding.objects.earliest("pk").pk, CapturedStatement.objects.earliest("pk").pk
    explain = reverse("admin:profiling_capturedstatement_explain", args=[statement])
    assign = reverse("admin:profiling_finding_assign", args=[finding])
    return {
        "profiling_capturedstatement_explain": Action(
            lambda world, _: lambda: expect(world.admin.post(explain), 200)
        ),
        "profiling_finding_assign": look_at(assign),
        "profiling_finding_assign done": Action(
            lambda world, _: lambda: expect(world.admin.post(assign, {"due_on": timezone.now().date()}), 302)
        ),
        **_asked_and_done("profiling_finding_close", finding),
        "profiling_finding_changelist close_ticked": _do(
            reverse("admin:profiling_finding_changelist"),
            {"action": "close_ticked", ACTION_CHECKBOX_NAME: [str(finding)]},
        ),
    }


def _rosters(world: World) -> dict[str, Action]:
    return {
        "patients_roster_live": look_at(reverse("admin:patients_roster_live", args=[world.roster.pk])),
        "patients_roster_drifting": look_at(
            reverse("admin:patients_roster_drifting", args=[world.roster.pk])
        ),
        **_asked_and_done("patients_roster_confirm", world.held.pk, fields={"extra": str(world.held.extra)}),
        **_asked_and_done("patients_roster_cancel", world.held.pk),
    }


def _imports(world: World) -> dict[str, Action]:
    prefix, key = "observations_measurementimport", world.file.pk
    report = reverse(f"admin:{prefix}_report", args=[key])
    problems = reverse(f"admin:{prefix}_problems", args=[key])
    return {
        f"{prefix}_new": look_at(reverse(f"admin:{prefix}_new")),
        f"{prefix}_new done": Action(_sent, check=_was_recorded),
        f"{prefix}_live": look_at(reverse(f"admin:{prefix}_live", args=[key])),
        f"{prefix}_problems": look_at(problems),
        f"{prefix}_problems later": look_at(problems, {"after": "20"}),
        f"{prefix}_report": Action(
            lambda world, _: lambda: _read_whole(world.admin.get(report)), takes_all=True
        ),
        **_asked_and_done(f"{prefix}_cancel", key),
    }


def _backfills(world: World) -> dict[str, Action]:
    prefix = "observations_backfill"
    new = reverse(f"admin:{prefix}_new")
    asked = {"script": world.version.script_id, "since": "2026-02-01T00:00:00", "dry_run": "on"}
    running, paused = (Backfill.objects.filter(state=state)[0].pk for state in ("running", "paused"))
    return {
        f"{prefix}_new": look_at(new),
        f"{prefix}_new done": _do(new, asked),
        f"{prefix}_live": look_at(reverse(f"admin:{prefix}_live", args=[running])),
        **_asked_and_done(f"{prefix}_pause", running),
        **_asked_and_done(f"{prefix}_resume", paused),
        **_asked_and_done(f"{prefix}_cancel", running),
    }


def _sent(world: World, _: int) -> Act:
    file = SimpleUploadedFile("readings.ndjson", b"nothing\n")
    fields = {**REASON, "organisation": world.caller.organisation.pk, "file": file}
    return lambda: expect(world.admin.post(reverse("admin:observations_measurementimport_new"), fields), 302)


def _read_whole(answer: Any) -> None:
    expect(answer, 200)
    assert b"".join(answer.streaming_content)


def _stated_by_hand(world: World) -> dict[str, Action]:
    ours, organisation = str(world.caller.submitter.pk), world.caller.organisation
    to = Submitter.objects.filter(organisation=organisation).exclude(pk=ours)[0]
    answers = {
        "patients_patient_state_active": {"submitter": ours},
        "patients_patient_state_inactive": {"submitter": ours},
        "patients_patient_move": {"from_submitter": ours, "to_submitter": str(to.pk)},
    }
    found: dict[str, Action] = {}
    for name, fields in answers.items():
        address = reverse(f"admin:{name}", args=[world.key(rows.PATIENT, 1)])
        act = partial(_shown_and_confirmed, address, fields)
        found |= {name: look_at(address), f"{name} done": Action(act, check=_was_recorded)}
    return found


def _facts(world: World) -> dict[str, Action]:
    fields = {"name": "birth_year", "value": "1951", "effective_from": "2026-03-10T13:00:00"}
    return {
        **_asked_and_done("patients_patient_state_a_fact", world.key(rows.PATIENT, 1), fields=fields),
        **_asked_and_done("patients_patientfact_retract", world.key(rows.FACT, 11)),
    }


def _drafts() -> dict[str, Action]:
    prefix = "observations_scriptversion"
    draft = ScriptVersion.objects.filter(published_at=None).earliest("pk")
    edit, check = reverse(f"admin:{prefix}_edit", args=[draft.pk]), reverse(f"admin:{prefix}_check")
    edited = sent_of(DraftForms(draft)) | {"note": REASON["reason"]}
    typed = {"source": draft.source, "inputs": [*draft.inputs]}
    return {
        f"{prefix}_edit": look_at(edit),
        f"{prefix}_edit done": Action(
            lambda world, _: lambda: expect(world.admin.post(edit, edited), 302), check=_was_edited
        ),
        f"{prefix}_check": Action(
            lambda world, _: (
                lambda: expect(world.admin.post(check, typed, content_type="application/json"), 200)
            )
        ),
    }


def _was_edited() -> None:
    assert ScriptVersion.objects.filter(note=REASON["reason"]).exists(), "Nothing was saved."


def _shown_and_confirmed(address: str, fields: Mapping[str, str], world: World, _: int) -> Act:
    sent = {**REASON, **fields, "effective_at": "2026-03-10T13:00:00"}

    def act() -> None:
        seen = world.admin.post(address, {**sent, "step": "show"}).context["foreseen"].seen
        expect(world.admin.post(address, {**sent, "step": "confirm", "seen": seen}), 302)

    return act
