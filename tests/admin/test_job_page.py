"""The page of a job: what it was to do, what came of it, and who did what to it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinical_engine.jobs.models import Job
from clinical_engine.jobs.payloads.services import Edit, revise_payload
from clinical_engine.jobs.reruns import services as reruns
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.selection import Selection
from observations.models import Observation
from patients.models import Association, Statement
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.test_desk import MOST_QUERIES
from tests.admin.world import World


def panels_of(client: Client, job: UUID) -> dict[str, Any]:
    page = client.get(reverse("admin:jobs_job_change", args=[job]))
    return {panel.title: panel.context for panel in page.context["panels"]}


def test_an_associate_job_shows_its_statement_and_the_pairs_associations(
    support: Client, small_world: World
) -> None:
    statement = Statement.objects.filter(patient=small_world.patient, kind="activation").latest("pk")
    panels = panels_of(support, statement.job_id)
    [row] = panels["What it is to fulfil"]["rows"]
    assert str(statement.pk) in row[0]
    came = panels["What came of it: the associations of patient and submitter"]["rows"]
    assert len(came) == Association.objects.filter(patient=small_world.patient).count()


def test_a_recompute_job_shows_the_observations_that_it_wrote(
    support: Client, small_world: World, work: Callable[[], int]
) -> None:
    job = Job.objects.filter(kind="recompute", patient_id=small_world.patient.pk, state="succeeded").latest(
        "pk"
    )
    shown = panels_of(support, job.pk)["What it computed"]["rows"]
    written = Observation.objects.filter(patient=small_world.patient)
    assert len(shown) == written.count() > 0
    assert all(any(str(key) in row[0] for row in shown) for key in written.values_list("pk", flat=True))


def test_what_did_not_succeed_computed_nothing(support: Client, small_world: World) -> None:
    job = Job.objects.filter(kind="recompute").latest("pk")
    job.attempts.update(outcome="failed")
    assert panels_of(support, job.pk)["What it computed"]["rows"] == []


def test_a_kinds_panels_stand_on_its_own_jobs_only(support: Client, small_world: World) -> None:
    associate, recompute = "What it is to fulfil", "What it computed"
    assert recompute not in panels_of(support, small_world.failed_job)
    assert associate not in panels_of(support, Job.objects.filter(kind="recompute").latest("pk").pk)
    former = world.fail_a_job(small_world.submitter, small_world.patient, kind="former")
    assert not {associate, recompute} & set(panels_of(support, former))


def test_what_it_produced_is_shown_to_who_may_see_patients_data_only(small_world: World) -> None:
    titles = set(panels_of(logged_in("On-call engineer"), small_world.failed_job))
    assert "Attempts" in titles
    assert not titles & {"What it is to fulfil", "Who did what to it"}


@pytest.mark.parametrize("action", ["run-again", "discard"])
def test_it_shows_who_did_what_to_it_and_why(support: Client, small_world: World, action: str) -> None:
    assert panels_of(support, small_world.failed_job)["Who did what to it"]["rows"] == []
    page = reverse("admin:jobs_job_change", args=[small_world.failed_job])
    support.post(f"{page.removesuffix('change/')}{action}/", {"reason": "ticket 12"})
    [row] = panels_of(support, small_world.failed_job)["Who did what to it"]["rows"]
    assert row[1:] == ("clinical-support", f"job.{action.replace('-', '_')}", "ticket 12")
    assert "clinical-support" in support.get(page).content.decode()


def test_the_page_of_a_job_with_everything_on_it_takes_twelve_queries(
    support: Client, small_world: World
) -> None:
    job_id, person = small_world.failed_job, User.objects.get(username="clinical-support")
    text = json.dumps({"statement_id": str(Statement.objects.latest("pk").pk)})
    revise_payload(actor=person, job_id=job_id, edit=Edit(text, 0, "ticket 13", run_now=False))
    selection = Selection(organisation=small_world.organisation.pk)
    reruns.start(actor=person, selection=selection, reason="mended", limits=Limits())
    page = reverse("admin:jobs_job_change", args=[job_id])
    shown = panels_of(support, job_id)
    assert all(
        shown[title]["rows"] for title in ("Revisions of the payload", "Who did what to it", "Bulk reruns")
    )
    with CaptureQueriesContext(connection) as queries:
        support.get(page)
    assert len(queries) <= MOST_QUERIES
