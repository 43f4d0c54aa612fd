"""What the admin writes: through services, and never without an entry in the audit trail."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from submitters.models import ApiClient, Organisation, Submitter
from submitters.selectors import access_by_key
from tests import factories
from tests.admin.conftest import logged_in

ADD_CLIENT = "admin:submitters_apiclient_add"


@pytest.fixture
def administrator(db: None) -> Client:
    return logged_in("Administrator")


def entry(action: str) -> AuditEntry:
    return AuditEntry.objects.get(action=action)


def test_an_organisation_is_added_and_changed_with_its_trail(administrator: Client) -> None:
    add = reverse("admin:submitters_organisation_add")
    administrator.post(add, {"name": "North", "time_zone": "Europe/Lisbon"})
    north = Organisation.objects.get(name="North")
    page = reverse("admin:submitters_organisation_change", args=[north.pk])
    administrator.post(page, {"name": "North", "time_zone": "Europe/Amsterdam"})
    north.refresh_from_db()
    assert north.time_zone == "Europe/Amsterdam"
    assert entry("organisation.create").target_id == str(north.pk)
    changed = entry("organisation.change")
    assert str(changed.actor) == "administrator"
    assert changed.details == {"changed": [{"changed": {"fields": ["time_zone"]}}]}


def test_a_time_zone_that_does_not_exist_is_refused(administrator: Client) -> None:
    response = administrator.post(
        reverse("admin:submitters_organisation_add"), {"name": "North", "time_zone": "Europe/Atlantis"}
    )
    assert response.status_code == 200
    assert not Organisation.objects.exists()


def test_a_submitter_keeps_its_organisation(administrator: Client) -> None:
    one, other = factories.organisation(), factories.organisation()
    add = reverse("admin:submitters_submitter_add")
    administrator.post(add, {"name": "COPD", "organisation": str(one.pk)})
    submitter = Submitter.objects.get(name="COPD")
    page = reverse("admin:submitters_submitter_change", args=[submitter.pk])
    administrator.post(page, {"name": "COPD at home", "organisation": str(other.pk)})
    submitter.refresh_from_db()
    assert (submitter.name, submitter.organisation) == ("COPD at home", one)
    assert entry("submitter.create").organisation_id == one.pk


def test_a_new_clients_key_is_shown_once_and_opens_what_was_chosen(administrator: Client) -> None:
    owner = factories.organisation()
    response = add_client(administrator, owner)
    key = response.context["key"]
    assert key in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    access = access_by_key(key)
    assert access is not None
    assert access.scopes == {"jobs:read", "patients:read"}
    assert access.organisation_ids == {owner.pk}
    assert str(entry("api_client.create").actor) == "administrator"

    client = ApiClient.objects.get()
    pages = [
        administrator.get(url).content.decode()
        for url in (
            reverse("admin:submitters_apiclient_change", args=[client.pk]),
            reverse("admin:submitters_apiclient_changelist"),
            reverse("admin:audit_auditentry_changelist"),
        )
    ]
    assert all(key not in page and client.key_hash not in page for page in pages)
    assert client.key_prefix in pages[0]


def test_a_scope_that_does_not_exist_is_refused(administrator: Client) -> None:
    data = {"name": "app", "scopes": ["everything"], "organisations": [str(factories.organisation().pk)]}
    assert administrator.post(reverse(ADD_CLIENT), data).context["errors"]
    assert not ApiClient.objects.exists()


def test_a_client_is_revoked_with_a_reason(administrator: Client) -> None:
    key = add_client(administrator, factories.organisation()).context["key"]
    client = ApiClient.objects.get()
    address = reverse("admin:submitters_apiclient_revoke", args=[client.pk])
    assert "Reason" in administrator.get(address).content.decode()
    assert access_by_key(key)
    page = administrator.post(address, {"reason": "lost laptop"}, follow=True)
    assert "The key is refused from now on." in page.content.decode()
    assert access_by_key(key) is None
    assert entry("api_client.revoke").reason == "lost laptop"
    again = administrator.post(address, {"reason": "lost laptop"}, follow=True)
    assert "It was revoked before" in again.content.decode()


def add_client(client: Client, owner: Organisation) -> Any:
    data = {"name": "app", "scopes": ["jobs:read", "patients:read"], "organisations": [str(owner.pk)]}
    return client.post(reverse(ADD_CLIENT), data)
