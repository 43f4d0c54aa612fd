"""Addresses with ids and filters that mean nothing: an answer that says so, never a failure."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from tests import factories
from tests.admin import world
from tests.admin.world import World

JOBS = "admin:jobs_job_changelist"
NONE = ("nope", "-1", "%00", "99999999999999999999", "00000000-0000-0000-0000-000000000000")
UNKNOWN = [
    ("jobs_job", "state=xyz"),
    ("jobs_job", "kind=xyz"),
    ("jobs_job", "kind=%00"),
    ("jobs_job", "queue=xyz"),
    ("jobs_job", "fingerprint=xyz"),
    ("jobs_job", "fingerprint=') OR 1=1"),
    ("jobs_job", "organisation=xyz"),
    ("patients_patient", "linked=xyz"),
    ("patients_patient", "submitter=xyz"),
    ("patients_patient", "held=xyz"),
    ("patients_patient", "organisation__id__exact=xyz"),
    ("patients_patient", f"organisation__id__exact={NONE[-1]}"),
    ("patients_statement", "kind__exact=xyz"),
    ("patients_statement", "kind=xyz"),
    ("observations_measurement", "measured=xyz"),
    ("observations_code", "value_kind__exact=xyz"),
    ("observations_observation", "code__id__exact=0"),
    ("observations_code", "is_computed__exact=xyz"),
    ("audit_auditentry", "action=xyz"),
    ("audit_auditentry", "actor=xyz"),
    ("audit_auditentry", "target_id=%00"),
    ("audit_auditentry", "nonsense=1"),
]


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.mark.parametrize("key", NONE)
def test_a_page_of_an_id_that_nothing_has_leads_away_with_a_message(superuser: Client, key: str) -> None:
    for model in world.shown_models():
        url = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist") + f"{key}/change/"
        response = superuser.get(url)
        assert (response.status_code, response.headers.get("Location")) == (302, reverse("admin:index")), url
        told = messages_of(response)
        assert "doesn’t exist" in told[0]  # noqa: RUF001 - Django's apostrophe
        # Nobody can delete anything here.
        assert "deleted" not in "".join(told)


@pytest.mark.parametrize("key", NONE)
def test_a_history_of_an_id_that_nothing_has_is_no_failure(superuser: Client, key: str) -> None:
    for model in world.shown_models():
        url = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist") + f"{key}/history/"
        assert superuser.get(url, follow=True).status_code == 200, url


@pytest.mark.parametrize("key", NONE)
@pytest.mark.parametrize(
    ("view", "path"), [(JOBS, "run-again"), ("admin:submitters_apiclient_changelist", "revoke")]
)
def test_what_is_not_there_is_neither_run_again_nor_revoked(
    superuser: Client, view: str, path: str, key: str
) -> None:
    url = f"{reverse(view)}{key}/{path}/"
    for response in (superuser.get(url), superuser.post(url, {"reason": "t"})):
        assert (response.status_code, response.headers.get("Location")) == (302, reverse("admin:index"))
        assert "doesn’t exist" in messages_of(response)[0]  # noqa: RUF001 - Django's apostrophe


@pytest.mark.parametrize("key", ["nope", "1", "\0", "99999999999999999999"])
def test_ticking_what_is_no_id_does_nothing_and_says_so(
    support: Client, small_world: World, key: str
) -> None:
    ticked = [str(small_world.failed_job), key]
    data = {"action": "run_again", "_selected_action": ticked, "index": "0", "reason": "t"}
    response = support.post(f"{reverse(JOBS)}?state=failed", data)
    assert response.headers["Location"] == f"{reverse(JOBS)}?state=failed"
    assert messages_of(response) == ["Nothing was done: what was ticked has an id that no job can have."]
    assert not AuditEntry.objects.filter(action="job.run_again").exists()


@pytest.mark.parametrize(("model", "query"), UNKNOWN)
def test_a_filter_that_means_nothing_is_said_to_be_unknown(superuser: Client, model: str, query: str) -> None:
    factories.submitter()
    url = reverse(f"admin:{model}_changelist")
    response = superuser.get(f"{url}?{query}")
    assert (response.status_code, response.headers.get("Location")) == (302, f"{url}?e=1")
    page = superuser.get(response.headers["Location"])
    assert page.status_code == 200
    assert "The address had a filter that is unknown here: the list is not filtered." in page.content.decode()


def test_an_empty_filter_is_none(support: Client, small_world: World) -> None:
    for query in ("state=", "kind=", "organisation=", "fingerprint="):
        assert support.get(f"{reverse(JOBS)}?{query}").context["cl"].result_count > 1


def test_an_empty_list_speaks_of_creating_only_to_who_may(support: Client, superuser: Client) -> None:
    url = reverse("admin:submitters_organisation_changelist")
    for client, may_create in ((support, False), (superuser, True)):
        page = client.get(url, {"q": "nowhere"}).content.decode()
        assert "Nothing matches." in page
        assert "Reset filters" in page
        assert ("Add organisation" in page) is may_create
        assert "Create a new item" not in page
    assert "There is none yet." in support.get(url).content.decode()
