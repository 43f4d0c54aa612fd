"""A rerun's page while much is under way, and as a person sees it in a browser."""

import os
from contextlib import closing

import psycopg2
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import expect

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import execute
from clinical_engine.jobs.models import Rerun
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import (
    begin,
    dead_activations,
    end,
    page_of,
)
from tests.jobs.reruns.support import slice_of
from tests.jobs.support import elsewhere
from tests.processor import processor_seconds, slowness, yardstick

NEW = "admin:jobs_rerun_new"
MANY = 100_000


@pytest.mark.usefixtures("committed_db")
def test_the_page_stays_quick_while_a_hundred_thousand_jobs_are_under_way() -> None:
    fill(MANY)
    rerun = begin(canary=0, rate=1000, failed_share=100)
    halfway(rerun)
    client = logged_in("Clinical support")
    for url in (page_of(rerun), page_of(rerun, "live"), reverse("admin:jobs_rerun_changelist")):
        assert min(seconds_for(client, url) for _ in range(3)) < 0.3 * slowness(yardstick())


def seconds_for(client: Client, url: str) -> float:
    with CaptureQueriesContext(connection) as queries:
        began = processor_seconds()
        response = client.get(url)
        took = processor_seconds() - began
    assert response.status_code == 200
    assert len(queries) <= 12
    return took


def fill(number: int) -> None:
    execute(
        """
        INSERT INTO jobs_job (id, kind, queue, state, payload, payload_version, finished_at, fingerprint)
        SELECT gen_random_uuid(), 'associate', 'default', 'dead', jsonb_build_object('statement_id', gen_random_uuid()), 1,
               clock_timestamp(), 'feedbeeffeedbeef'
        FROM generate_series(1, %s)
        """,
        [number],
    )


def halfway(rerun: Rerun) -> None:
    """As it stands after long: of half of the jobs, two thirds have failed again for five causes."""
    execute(
        """
        UPDATE jobs_rerunitem SET outcome = CASE position %% 3 WHEN 0 THEN 'succeeded' ELSE 'failed' END,
                                  fingerprint = CASE position %% 3 WHEN 0 THEN '' ELSE 'cause-' || position %% 5 END
        WHERE position <= %s
        """,
        [rerun.total // 2],
    )
    Rerun.objects.filter(pk=rerun.pk).update(
        started=rerun.total // 2, succeeded=rerun.total // 6, failed=rerun.total // 2 - rerun.total // 6
    )
    with (
        closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as owner,
        owner,
        owner.cursor() as cursor,
    ):
        cursor.execute("ANALYZE jobs_rerunitem, jobs_job")


@pytest.mark.usefixtures("committed_db")
def test_support_starts_a_rerun_watches_it_without_reloading_and_pauses_it() -> None:
    dead_activations(60)
    account = world.account("Clinical support")
    with serving() as address, browsing(address) as page:
        log_in(page, account.username, world.PASSWORD)
        page.goto(f"{reverse(NEW)}?kind=associate")
        page.get_by_label("Reason").fill("ticket 12: the constraint is gone")
        page.get_by_label("Jobs a second").fill("1000")
        page.get_by_role("button", name="Run 60 jobs again").click()
        expect(page.get_by_text("0 of 60 jobs, 0 %")).to_be_visible()
        page.evaluate("window.notReloaded = true")
        work_once()
        expect(page.get_by_text("20 of 60 jobs, 33 %")).to_be_visible()
        expect(page.get_by_text("Trying the first few")).not_to_be_visible()
        assert page.evaluate("window.notReloaded"), "the numbers come without a reload"
        page.get_by_role("link", name="Pause").click()
        page.get_by_label("Reason").fill("lunch")
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("Paused: clinical-support: lunch")).to_be_visible()
        expect(page.get_by_role("link", name="Resume")).to_be_visible()
    assert AuditEntry.objects.filter(action__startswith="rerun.").count() == 2


def work_once() -> None:
    """Do what a worker does between two looks at the page."""

    # The browser's event loop is this thread's: Django asks the database from another one.
    def work() -> None:
        rerun = Rerun.objects.get()
        slice_of(rerun)
        end(rerun)
        slice_of(rerun)

    with elsewhere(work) as done:
        done.result(timeout=60)
