"""Who sees and does what in the admin."""

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.profiling.findings import Found, open_or_refresh
from clinical_engine.profiling.models import Finding, FindingKind
from clinical_engine.staff.admin import StaffModelAdmin
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.world import World
from tests.profiling import captured

PEOPLE = ("patients.patient", "observations.measurement", "submitters.organisation", "audit.auditentry")


def lists() -> dict[str, str]:
    return {
        model._meta.label_lower: reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
        for model in world.shown_models()
    }


def test_every_page_goes_through_the_base_class_and_every_action_names_its_permission() -> None:
    for model in world.shown_models():
        model_admin = site.get_model_admin(model)
        assert isinstance(model_admin, StaffModelAdmin)
        for name in (
            *model_admin.actions,
            *model_admin.actions_detail,
            *model_admin.actions_list,
            *model_admin.actions_row,
        ):
            assert getattr(model_admin, name).allowed_permissions


def test_nobody_deletes_anything(superuser: Client, small_world: World) -> None:
    for model, key in world.pages_of(small_world).items():
        assert (
            superuser.post(reverse(f"admin:{model.replace('.', '_')}_delete", args=[key])).status_code == 403
        )
    assert "delete_selected" not in superuser.get(lists()["jobs.job"]).content.decode()


def test_without_an_account_every_page_asks_to_log_in(db: None) -> None:
    for url in (*lists().values(), reverse("admin:index")):
        assert Client().get(url).headers["Location"].startswith(reverse("admin:login"))


def test_support_sees_every_list_but_accounts_and_slow_queries_and_changes_nothing(
    support: Client, small_world: World
) -> None:
    for model, url in lists().items():
        closed = model.startswith(("auth.", "profiling."))
        assert support.get(url).status_code == (403 if closed else 200), model
        assert support.get(url.removesuffix("/") + "/add/").status_code == 403, model
    for model, key in world.pages_of(small_world).items():
        response = support.post(
            reverse(f"admin:{model.replace('.', '_')}_change", args=[key]), {"name": "changed"}
        )
        assert response.status_code == 403, model


def test_the_page_of_an_app_lists_what_the_user_may_see(support: Client) -> None:
    for app in ("patients", "observations", "submitters", "jobs", "audit"):
        assert support.get(reverse("admin:app_list", args=[app])).status_code == 200
    assert support.get(reverse("admin:app_list", args=["auth"])).status_code == 404


def test_a_page_of_what_is_not_there_leads_to_the_front_page(support: Client, small_world: World) -> None:
    for model in ("patients_patient", "jobs_job"):
        response = support.get(reverse(f"admin:{model}_change", args=[small_world.organisation.pk]))
        assert response.headers["Location"] == reverse("admin:index")


def test_an_on_call_engineer_sees_jobs_and_no_patient(small_world: World) -> None:
    client = logged_in("On-call engineer")
    page = client.get(lists()["jobs.job"])
    assert page.status_code == 200
    text = page.content.decode()
    assert small_world.patient.external_id not in text
    assert str(small_world.patient.pk) in text
    assert reverse("admin:patients_patient_change", args=[small_world.patient.pk]) not in text
    for model in PEOPLE:
        assert client.get(lists()[model]).status_code == 403, model
        assert lists()[model] not in text, "not in the menu either"


def test_the_front_page_links_only_to_what_the_user_may_see(db: None) -> None:
    text = logged_in("On-call engineer").get(reverse("admin:index")).content.decode()
    assert reverse("admin:jobs_job_desk") in text
    assert lists()["patients.statement"] not in text
    assert "Find a patient" not in text


@pytest.mark.parametrize("role", ["Clinical support", "On-call engineer"])
def test_only_who_may_change_api_clients_revokes_one(role: str, small_world: World) -> None:
    key = world.pages_of(small_world)["submitters.apiclient"]
    address = reverse("admin:submitters_apiclient_revoke", args=[key])
    assert logged_in(role).post(address, {"reason": "leaked"}).status_code == 403


@pytest.mark.parametrize(("role", "shown"), [("On-call engineer", False), ("Administrator", True)])
def test_the_history_of_a_thing_is_offered_only_to_who_may_read_the_audit_trail(
    db: None, role: str, *, shown: bool
) -> None:
    found = Found(
        statement_id=captured.statement().pk, kind=FindingKind.GROWS, told="", release="", severity=1
    )
    open_or_refresh([found], timezone.now())
    finding, client = Finding.objects.get(), logged_in(role)
    pages = {"finding": finding.pk, "capturedstatement": finding.statement_id}
    for model, key in pages.items():
        response = client.get(reverse(f"admin:profiling_{model}_change", args=[key]))
        assert response.status_code == 200
        history = reverse(f"admin:profiling_{model}_history", args=[key])
        assert (history in response.content.decode()) is shown
