"""Comparing a version, what its page says of comparisons, and a new draft out of any version."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from observations.models import Backfill, ScriptVersion
from observations.scripts.content import content_of
from observations.scripts.drafting import save_draft
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import text_of
from tests.admin.scripts.support import address, drafted, in_force, proposed, pulse
from tests.factories import NOON, days

Work = Callable[[], int]
NOT_COMPARED = "This text was not compared"
DAYS = {"days": "30", "reason": "What it would change"}


@pytest.fixture
def author(db: None) -> Client:
    return logged_in("Script author")


def test_a_comparison_is_started_over_the_last_days(author: Client) -> None:
    version = drafted(factories.user())
    page = author.get(address("compare", version))
    assert page.context["form"]["days"].value() == 30
    response = author.post(address("compare", version), DAYS)
    comparison = Backfill.objects.get()
    assert response.headers["Location"] == address("change", comparison)
    assert (comparison.candidate, comparison.dry_run, comparison.organisation) == (version, True, None)
    assert abs(comparison.since - (timezone.now() - timedelta(days=30))) < timedelta(minutes=5)
    assert author.get(address("change", comparison)).status_code == 200


def test_a_comparison_for_another_organisation_than_the_scripts_is_refused(author: Client) -> None:
    version, other = drafted(factories.user()), factories.organisation()
    version.script.organisation = factories.organisation()
    version.script.save(update_fields=["organisation"])
    response = author.post(address("compare", version), {**DAYS, "organisation": other.pk})
    assert "another organisation" in text_of(response)
    assert not Backfill.objects.exists()


def test_who_may_neither_rehearse_nor_backfill_compares_nothing(db: None) -> None:
    version = drafted(factories.user())
    assert logged_in("On-call engineer").post(address("compare", version), DAYS).status_code == 403


def test_the_publisher_is_warned_until_this_very_text_was_compared(author: Client, work: Work) -> None:
    publisher = logged_in("Script publisher")
    version = proposed(factories.user())
    assert NOT_COMPARED in text_of(publisher.get(address("publish", version)))
    author.post(address("compare", version), DAYS)
    assert NOT_COMPARED in text_of(publisher.get(address("publish", version)))
    work()
    assert NOT_COMPARED not in text_of(publisher.get(address("publish", version)))


def test_a_comparison_of_an_earlier_text_does_not_count_and_is_called_so(author: Client, work: Work) -> None:
    version = drafted(factories.user())
    author.post(address("compare", version), DAYS)
    work()
    page = text_of(author.get(address("change", version)))
    assert "This text" in page
    assert "0 of 0 results" in page
    version.refresh_from_db()
    save_draft(actor=None, version=version, content=pulse("result = pulse"), seen=version.edited_at)
    assert "An earlier text" in text_of(author.get(address("change", version)))
    assert NOT_COMPARED in text_of(author.get(address("propose", version)))


def test_a_new_version_is_drafted_from_any_other(author: Client) -> None:
    newest = in_force(NOON - days(9), NOON)
    first = ScriptVersion.objects.get(number=1)
    assert "Draft it" in text_of(author.get(address("redraft", first)))
    response = author.post(address("redraft", first))
    made = ScriptVersion.objects.get(number=newest.number + 1)
    assert response.headers["Location"] == address("edit", made)
    assert (made.source, made.note) == (content_of(first).source, "From v1")


def test_who_may_not_write_versions_drafts_none(support: Client) -> None:
    version = in_force(NOON)
    assert support.post(address("redraft", version)).status_code == 403
    assert address("redraft", version) not in support.get(address("change", version)).content.decode()
