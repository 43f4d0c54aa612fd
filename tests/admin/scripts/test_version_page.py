"""Proposing, reviewing, publishing, taking back, discarding and resuming a version."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from observations.models import Publication, ScriptVersion
from observations.scripts.publishing import SECOND_PERSON
from tests import factories
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import messages_of, text_of
from tests.admin.scripts.support import (
    SCRIPT,
    TIME,
    VERSION,
    WHY,
    address,
    drafted,
    failed,
    in_force,
    made,
    proposed,
    pulse,
)
from tests.admin.test_pages import shown
from tests.factories import NOON, days

RED = pulse("result = pulse * 2", {"name": "half", "inputs": {"pulse": 60}, "expected": {"result": 30}})


@pytest.fixture
def author(db: None) -> User:
    return world.account("Script author")


@pytest.fixture
def writer(author: User) -> Client:
    return as_user(author)


@pytest.fixture
def publisher(db: None) -> Client:
    return logged_in("Script publisher")


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def publish(client: Client, version: ScriptVersion, **fields: str) -> object:
    seen = version.proposed_at.isoformat() if version.proposed_at else ""
    return client.post(address("publish", version), {**WHY, "seen": seen, **fields})


def test_an_author_proposes_from_a_time_and_the_page_says_so(writer: Client, author: User) -> None:
    version = drafted(author)
    assert "The test case passes." in text_of(writer.get(address("propose", version)))
    response = writer.post(address("propose", version), {"effective_from": TIME})
    assert response.headers["Location"] == reverse(VERSION, args=[version.pk])
    version.refresh_from_db()
    assert (version.proposed_by, version.proposed_effective_from) == (author, NOON)
    page = shown(writer, VERSION, version.pk)
    assert "to be in force from 10 Mar 2026, 12:00 UTC on. " + SECOND_PERSON in page
    assert address("propose", version) not in page


def test_a_version_whose_test_cases_fail_shows_them_and_is_not_proposed(writer: Client, author: User) -> None:
    version = drafted(author, RED)
    page = writer.get(address("propose", version))
    assert "1 of 1 test cases fail." in text_of(page)
    assert "gives result 120, not 30" in text_of(page)
    assert '<button type="submit" class="ce-button">Propose' not in page.content.decode()
    response = writer.post(address("propose", version), {"effective_from": TIME})
    assert "half" in messages_of(response)[0]
    version.refresh_from_db()
    assert version.proposed_at is None


def test_a_second_person_sees_tests_and_differences_and_publishes(publisher: Client, author: User) -> None:
    in_force(NOON - days(9))
    version = proposed(author)
    page = publisher.get(address("publish", version))
    text = text_of(page)
    assert "The test case passes." in text
    assert "Proposed by script-author" in text
    assert "Against v1, in force now." in text
    rows = re.findall(
        r'<tr class="ce-diff-(gone|new)"><td>(\d*)</td><td>(\d*)</td>.*?<code>(.*?)</code>',
        page.content.decode(),
    )
    assert rows == [("gone", "1", "", "result = pulse + 0"), ("new", "", "1", "result = pulse * 2")]
    response = publish(publisher, version)
    assert made() == [("publish", 1), ("publish", 2)]
    last = Publication.objects.latest("pk")
    assert (last.effective_from, last.proposed_by, last.reason) == (NOON, author, WHY["reason"])
    assert response.headers["Location"].startswith(address("repair", version.script))  # type: ignore[attr-defined]
    assert "never changed" in shown(publisher, VERSION, version.pk)


def test_differences_of_inputs_outputs_and_test_cases_are_shown(publisher: Client, author: User) -> None:
    in_force(NOON - days(9))
    written = pulse(
        "result = pulse + 0", {"name": "calm", "inputs": {"pulse": 60}, "expected": {"result": 60}}
    )
    written.inputs["pulse"]["window_seconds"] = 7_200
    written.outputs["result"]["unit"] = "/min"
    page = publisher.get(address("publish", proposed(author, written)))
    text = text_of(page)
    assert "The source is the same." in text
    changed = {
        (change.name, change.before, change.after)
        for change in page.context["compared"]["differences"].inputs
    }
    assert [(name, "86400" in before, "7200" in after) for name, before, after in changed] == [
        ("pulse", True, True)
    ]
    assert "&quot;unit&quot;: &quot;/min&quot;" in page.content.decode()
    assert "calm" in text


@pytest.mark.parametrize("role", ["superuser", "Administrator"])
def test_whoever_wrote_it_is_told_that_somebody_else_must_publish_it(role: str, db: None) -> None:
    user = world.account(role)
    version, client = proposed(user), as_user(user)
    assert SECOND_PERSON in shown(client, VERSION, version.pk)
    assert address("publish", version) not in shown(client, VERSION, version.pk)
    page = client.get(address("publish", version))
    assert SECOND_PERSON in text_of(page)
    assert '<button type="submit" class="ce-button">Publish' not in page.content.decode()
    assert SECOND_PERSON in messages_of(publish(client, version))[0]
    assert made() == []


def test_an_author_does_not_publish_and_a_publisher_does_not_write(
    writer: Client, publisher: Client, author: User
) -> None:
    draft, version = drafted(author), proposed(factories.user())
    assert publish(writer, version).status_code == 403  # type: ignore[attr-defined]
    for deed in ("propose", "discard", "edit"):
        assert publisher.post(address(deed, draft), {"effective_from": TIME, **WHY}).status_code == 403
    assert address("publish", version) not in shown(writer, VERSION, version.pk)
    assert address("edit", draft) not in shown(publisher, VERSION, draft.pk)
    assert made() == []


def test_a_proposal_made_anew_is_looked_at_anew(publisher: Client, author: User) -> None:
    version = proposed(author)
    response = publish(publisher, version, seen="2026-01-01T00:00:00+00:00")
    assert "proposed anew meanwhile" in messages_of(response)[0]
    assert publish(publisher, version, seen="x").context["form"].errors["seen"]  # type: ignore[attr-defined]
    assert made() == []


def test_a_proposal_is_taken_back_by_its_author_or_a_publisher(
    writer: Client, publisher: Client, author: User
) -> None:
    for client in (writer, publisher):
        version = proposed(author)
        assert "taken back" in messages_of(client.post(address("take_back", version), WHY))[-1]
        version.refresh_from_db()
        assert version.proposed_at is None
        assert address("take_back", version) not in shown(client, VERSION, version.pk)
        assert "not proposed" in messages_of(client.post(address("take_back", version), WHY))[-1]


def test_a_draft_is_discarded_and_leads_to_its_script(writer: Client, author: User) -> None:
    version = drafted(author)
    assert "cannot be undone" in text_of(writer.get(address("discard", version)))
    response = writer.post(address("discard", version), WHY)
    assert response.headers["Location"] == reverse(SCRIPT, args=[version.script_id])
    assert not ScriptVersion.objects.filter(pk=version.pk).exists()
    assert AuditEntry.objects.get(action="script.discard").reason == WHY["reason"]


def test_what_is_published_is_not_discarded(superuser: Client) -> None:
    version = in_force(NOON)
    page = shown(superuser, VERSION, version.pk)
    for deed in ("edit", "propose", "publish", "take_back", "discard", "resume", "compare"):
        assert address(deed, version) not in page
    assert "is published" in messages_of(superuser.post(address("discard", version), WHY))[-1]
    assert ScriptVersion.objects.filter(pk=version.pk).exists()


def test_a_suspended_versions_page_says_why_since_when_and_what_follows(publisher: Client) -> None:
    version = in_force(NOON - days(9))
    ScriptVersion.objects.update(
        suspended_at=NOON,
        suspended_because="It failed for 20 patients in a row.",
        suspended_as_of=NOON - days(1),
    )
    page = shown(publisher, VERSION, version.pk)
    assert "Suspended 10 Mar 2026, 12:00 UTC: It failed for 20 patients in a row." in page
    assert "Results are missing as of 9 Mar 2026, 12:00 UTC and later." in page
    assert address("resume", version) in page


def test_results_are_missing_since_its_first_failure_though_nothing_came_due_meanwhile(
    publisher: Client,
) -> None:
    version = in_force(NOON - days(9))
    ScriptVersion.objects.update(suspended_at=NOON)
    assert "Nothing has come due meanwhile." in shown(publisher, VERSION, version.pk)
    for since in (NOON - days(1), NOON - days(2)):
        failed(version, since)
    missing = "Results are missing as of 8 Mar 2026, 12:00 UTC and later."
    assert missing in shown(publisher, VERSION, version.pk)
    ScriptVersion.objects.update(suspended_as_of=NOON - days(1))
    assert missing in shown(publisher, VERSION, version.pk)


def test_resuming_leads_to_the_backfill_from_the_earliest_time_that_was_missed(publisher: Client) -> None:
    version = in_force(NOON - days(9))
    ScriptVersion.objects.update(suspended_at=NOON, suspended_as_of=NOON - days(1))
    failed(version, NOON - days(2))
    response = publisher.post(address("resume", version), WHY)
    assert response.headers["Location"].startswith(f"{address('repair', version.script)}?since=2026-03-08T12")
    version.refresh_from_db()
    assert version.suspended_at is None


@pytest.mark.parametrize("deed", ["propose", "publish", "take_back", "discard", "resume", "compare"])
def test_a_version_that_is_not_there_leads_to_the_front_page(superuser: Client, deed: str) -> None:
    url = reverse(f"admin:observations_scriptversion_{deed}", args=[factories.organisation().pk])
    assert superuser.get(url).headers["Location"] == reverse("admin:index")


def test_whoever_publishes_a_moment_later_is_told_that_it_was_published_meanwhile(
    publisher: Client, author: User
) -> None:
    version = proposed(author)
    publish(publisher, version)
    late = publish(publisher, version)
    assert messages_of(late)[-1] == "This version was published meanwhile. Look at it as it is now."
