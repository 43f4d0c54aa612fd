"""Backfills in the admin: starting one, following and steering it, and what it says of the changes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs.models import Job
from observations.models import Backfill, BackfillState, Observation
from patients.models import Patient
from submitters.models import Submitter
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.import_pages import errors
from tests.admin.rerun_pages import messages_of, text_of
from tests.observations.backfill.support import (
    FAILING,
    Work,
    alike,
    compute_chain,
    draft_fix,
    finished,
    publish_fix,
    started,
    step,
    with_pulses,
)
from tests.observations.scripts.writing import script_named

LIST, NEW = "admin:observations_backfill_changelist", "admin:observations_backfill_new"


@pytest.fixture
def submitter(db: None, work: Work) -> Submitter:
    submitter = factories.submitter(factories.organisation(name="North", time_zone="America/New_York"))
    compute_chain(submitter, 3, work)
    return submitter


@pytest.fixture
def support(submitter: Submitter) -> Client:
    return logged_in("Clinical support")


def address(backfill: Backfill, name: str = "change") -> str:
    return reverse(f"admin:observations_backfill_{name}", args=[backfill.pk])


def sent(client: Client, **fields: object) -> Any:
    given = {
        "script": script_named("rate").pk,
        "since": "2026-02-01T00:00:00",
        "reason": "ticket 12",
        **fields,
    }
    return client.post(reverse(NEW), given)


def test_a_dry_run_is_started_looked_at_and_then_done(support: Client, work: Work) -> None:
    publish_fix()
    assert "New backfill" in text_of(support.get(reverse(LIST)))
    response = sent(support, dry_run="on")
    tried = Backfill.objects.get()
    assert response.headers["Location"] == address(tried)
    assert "data-moving" in text_of(support.get(address(tried)))
    work()
    page = text_of(support.get(address(tried)))
    for words in (
        "stores nothing",
        "Would change",
        "by +10 to +10",
        "normal → abnormal",
        "3 patients, 100 %",
    ):
        assert words in page
    assert support.get(address(tried)).context["live"]["numbers"]["Would change"] == "6"
    for patient in Patient.objects.all():
        assert reverse("admin:patients_patient_change", args=[patient.pk]) in page
    form = support.get(support.get(address(tried)).context["live"]["again_url"]).context["form"]
    assert form["dry_run"].value() is False
    assert form["reason"].value() == "ticket 12"
    assert "ticket" not in support.get(address(tried)).context["live"]["again_url"]
    response = sent(support, **{name: form[name].value() or "" for name in ("script", "since")})
    work()
    done = Backfill.objects.latest("pk")
    tried.refresh_from_db()
    assert (done.dry_run, done.state, done.since) == (False, BackfillState.DONE, tried.since)
    assert done.results_changed == tried.results_changed == 6
    assert "backfill-again" not in text_of(support.get(address(done)))
    assert str(AuditEntry.objects.filter(action="backfill.start").latest("pk").actor) == "clinical-support"


def test_a_backfill_is_called_by_what_it_does_and_by_its_script(support: Client) -> None:
    for name, backfill in {
        "Backfill of Rate": started(),
        "Dry run of Rate": started(dry_run=True),
        "Comparison of Rate": started(candidate=draft_fix()),
    }.items():
        page = text_of(support.get(address(backfill)))
        assert name in page
        assert f"backfill {backfill.pk}" not in page


def test_times_are_those_of_the_organisations_clocks_and_of_utc_for_all(
    support: Client, submitter: Submitter
) -> None:
    sent(support, dry_run="on")
    assert Backfill.objects.latest("pk").since == datetime(2026, 2, 1, tzinfo=UTC)
    sent(support, organisation=submitter.organisation.pk, until="2026-03-01T12:00:00")
    ours = Backfill.objects.latest("pk")
    assert ours.since == datetime(2026, 2, 1, 5, tzinfo=UTC)
    assert ours.until == datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert "1 Feb 2026" in text_of(support.get(address(ours)))


def test_what_a_publication_leaves_to_be_done_is_filled_in(support: Client, submitter: Submitter) -> None:
    asked = {
        "script": str(script_named("rate").pk),
        "organisation": str(submitter.organisation.pk),
        "since": "2026-02-01T05:00:00+00:00",
        "reason": "A fix",
    }
    form = support.get(reverse(NEW), asked).context["form"]
    assert (form["since"].value(), form["reason"].value()) == ("2026-02-01T00:00:00", "A fix")
    assert form["dry_run"].value() is True
    for nonsense in ("x", "2026-02-01T05:00:00", ""):
        assert support.get(reverse(NEW), dict.fromkeys(asked, nonsense)).status_code == 200


def test_a_draft_is_compared_and_nothing_is_offered_to_be_done(support: Client, work: Work) -> None:
    draft = draft_fix()
    form = support.get(reverse(NEW), {"candidate": str(draft.pk)}).context["form"]
    assert (form["candidate"].value(), form["script"].value()) == (draft.pk, draft.script_id)
    sent(support, candidate=draft.pk)
    work()
    page = text_of(support.get(address(Backfill.objects.get())))
    assert "Comparison with v2 (draft)" in page
    assert "were published for all organisations" in page
    assert "backfill-again" not in page
    assert not Observation.objects.filter(script_version=draft).exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"since": ""}, "since"),
        ({"since": "2126-02-01T00:00:00"}, "since"),
        ({"until": "2026-01-01T00:00:00"}, "until"),
        ({"rate": "0"}, "rate"),
        ({"script": ""}, "script"),
        ({"organisation": "nonsense"}, "organisation"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(support: Client, fields: dict[str, str], field: str) -> None:
    response = sent(support, **fields)
    assert (response.status_code, list(errors(response))) == (200, [field])
    assert not Backfill.objects.exists()


def test_a_version_of_another_script_is_refused_beside_its_field(support: Client) -> None:
    response = sent(support, script=script_named("mean").pk, candidate=draft_fix().pk)
    assert list(errors(response)) == ["candidate"]


def test_a_backfill_is_paused_resumed_and_cancelled_with_a_reason(support: Client) -> None:
    backfill = started()
    step(backfill, 1)
    states = []
    for name in ("pause", "resume", "cancel"):
        assert address(backfill, name) in text_of(support.get(address(backfill, "live")))
        assert support.post(address(backfill, name), {"reason": ""}).status_code == 200
        support.post(address(backfill, name), {"reason": "ticket 13"})
        backfill.refresh_from_db()
        states.append(backfill.state)
    assert states == ["paused", "running", "cancelled"]
    live = text_of(support.get(address(backfill, "live")))
    assert "data-moving" not in live
    assert "What it had written before it was cancelled stands." in live
    response = support.post(address(backfill, "cancel"), {"reason": "ticket 14"}, follow=True)
    assert messages_of(response) == ["The backfill is cancelled: nothing was changed."]


def test_a_paused_backfill_has_no_job_that_looks_as_if_it_had_failed(support: Client) -> None:
    backfill = started()
    assert "None while it is paused" not in text_of(support.get(address(backfill)))
    support.post(address(backfill, "pause"), {"reason": "ticket 13"})
    page = text_of(support.get(address(backfill)))
    assert "None while it is paused: resuming begins another." in page
    assert "Cancelled" not in page


def test_a_page_tells_when_a_script_or_the_job_behind_it_has_failed(support: Client) -> None:
    publish_fix(FAILING)
    backfill = started()
    step(backfill, 1)
    step(backfill, 1)
    assert "A script fails for some patients" in text_of(support.get(address(backfill)))
    Job.objects.filter(pk=backfill.job_id).update(state="dead", finished_at=timezone.now())
    assert "when the cause is gone, pause and resume it" in text_of(support.get(address(backfill, "live")))
    Job.objects.filter(pk=backfill.job_id).delete()
    assert "Its job is gone" in text_of(support.get(address(backfill, "live")))


def test_only_who_may_sees_and_steers_backfills(support: Client) -> None:
    backfill = started()
    engineer = logged_in("On-call engineer")
    pages = [address(backfill, name) for name in ("change", "live", "pause", "resume", "cancel")]
    for url in (*pages, reverse(NEW), reverse(LIST)):
        assert engineer.get(url).status_code == 403, url
        assert Client().get(url).status_code == 302, url
    assert sent(engineer).status_code == 403
    engineer.post(address(backfill, "cancel"), {"reason": "ticket 12"})
    backfill.refresh_from_db()
    assert (backfill.state, Backfill.objects.count()) == (BackfillState.RUNNING, 1)


def test_a_backfill_that_is_not_there_leads_to_the_front_page(support: Client, submitter: Submitter) -> None:
    for key in (submitter.pk, "nonsense"):
        for name in ("change", "pause", "resume", "cancel"):
            response = support.get(reverse(f"admin:observations_backfill_{name}", args=[key]))
            assert response.headers["Location"] == reverse("admin:index")
        assert support.get(reverse("admin:observations_backfill_live", args=[key])).status_code == 404


def test_no_page_asks_more_often_for_many_patients_than_for_few(support: Client, work: Work) -> None:
    publish_fix()
    few = finished(started())
    with_pulses(factories.submitter(), alike(40))
    work()
    publish_fix(FAILING)
    many = finished(started())
    for name in ("change", "live"):
        assert queries(support, address(few, name)) == queries(support, address(many, name))
    before = queries(support, reverse(LIST))
    for _ in range(5):
        started(organisation=factories.organisation(), actor=factories.user())
    assert queries(support, reverse(LIST)) == before


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)
