"""Rolling back, pinning, lifting a pin and withdrawing on a script's page, and the page that then proposes a backfill."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from observations.models import Backfill, ObservationScript, Publication, ScriptVersion
from observations.scripts.affected import MOST_PATIENTS, MOST_RESULTS
from patients.services import ensure_patients
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import messages_of, text_of
from tests.admin.scripts.support import (
    SCRIPT,
    TIME,
    WHY,
    address,
    drafted,
    failed,
    in_force,
    made,
    pulse,
    seen,
    steer,
)
from tests.admin.test_pages import shown
from tests.factories import NOON, days
from tests.observations.facts import record, state
from tests.observations.scripts.writing import PULSE, publish

DEEDS = ("roll_back", "pin", "lift_pin", "withdraw")


@pytest.fixture
def publisher(db: None) -> Client:
    return logged_in("Script publisher")


def test_rolling_back_proposes_the_version_before_from_when_the_wrong_one_came(publisher: Client) -> None:
    version = in_force(NOON - days(9), NOON)
    form = publisher.get(address("roll_back", version.script)).context["form"]
    assert form["version"].value() == ScriptVersion.objects.get(number=1).pk
    assert form["effective_from"].value() == TIME
    steer(publisher, "roll_back", version, version=ScriptVersion.objects.get(number=1).pk)
    last = Publication.objects.latest("pk")
    assert made() == [("publish", 1), ("publish", 2), ("roll-back", 1)]
    assert (last.effective_from, last.reason, last.organisation) == (NOON, WHY["reason"], None)
    # Once more: what is before it is not the version that was wrong.
    form = publisher.get(address("roll_back", version.script)).context["form"]
    assert form["version"].value() is None


def test_what_was_withdrawn_is_put_back_by_rolling_back(publisher: Client) -> None:
    version = in_force(NOON)
    assert address("roll_back", version.script) not in shown(publisher, SCRIPT, version.script_id)
    steer(publisher, "withdraw", version)
    form = publisher.get(address("roll_back", version.script)).context["form"]
    assert (form["version"].value(), form["effective_from"].value()) == (version.pk, TIME)
    steer(publisher, "roll_back", version, version=version.pk)
    assert made() == [("publish", 1), ("withdraw", None), ("roll-back", 1)]


def test_an_organisation_is_pinned_and_follows_the_others_again(publisher: Client) -> None:
    version, here = in_force(NOON - days(9), NOON), factories.organisation()
    assert address("lift_pin", version.script) not in shown(publisher, SCRIPT, version.script_id)
    steer(publisher, "pin", version, version=version.pk, organisation=here.pk)
    assert address("lift_pin", version.script) in shown(publisher, SCRIPT, version.script_id)
    other = steer(publisher, "lift_pin", version, organisation=factories.organisation().pk)
    assert "organisation" in other.context["form"].errors, "it is not pinned"
    steer(publisher, "lift_pin", version, organisation=here.pk)
    assert made()[2:] == [("pin", 2), ("unpin", None)]
    assert set(
        Publication.objects.filter(kind__in=["pin", "unpin"]).values_list("organisation", flat=True)
    ) == {here.pk}


def test_the_headline_and_the_message_after_a_withdrawal_say_who_stays_pinned(publisher: Client) -> None:
    version, here = in_force(NOON), factories.organisation(name="North clinic")
    assert in_force_of(publisher, version) == "v1"
    steer(publisher, "pin", version, version=version.pk, organisation=here.pk)
    assert in_force_of(publisher, version) == "v1 for all; 1 organisation pinned"
    response = steer(publisher, "withdraw", version)
    assert messages_of(response)[-1].endswith("12:00 UTC. 1 organisation stays pinned.")
    assert in_force_of(publisher, version) == "None for all; 1 organisation pinned"
    steer(publisher, "pin", version, version=version.pk, organisation=factories.organisation().pk)
    assert in_force_of(publisher, version) == "None for all; 2 organisations pinned"
    response = steer(publisher, "lift_pin", version, organisation=here.pk)
    assert "pinned" not in messages_of(response)[-1]
    assert in_force_of(publisher, version) == "None for all; 1 organisation pinned"


def in_force_of(client: Client, version: ScriptVersion) -> str:
    """What the list of scripts says of the one there is, and its page as well."""
    page = client.get(reverse("admin:observations_observationscript_changelist")).content.decode()
    [cell] = re.findall(r"<td[^>]*field-in_force[^>]*>(.*?)</td>", page, re.DOTALL)
    headline = without_tags(cell)
    assert f"In force {headline} " in without_tags(shown(client, SCRIPT, version.script_id))
    return headline


def without_tags(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


def test_what_failed_and_what_was_rolled_back_from_is_offered_last_and_says_so(publisher: Client) -> None:
    version = in_force(*(NOON - days(day) for day in (9, 7, 5, 3)))
    numbered = {each.number: each for each in version.script.versions.all()}
    steer(publisher, "roll_back", version, version=numbered[1].pk)
    failed(numbered[3], NOON - days(1))
    failed(numbered[3], NOON - days(1))
    for deed, others in (("pin", ["v2", "v1"]), ("roll_back", ["v2"])):
        form = publisher.get(address(deed, version.script)).context["form"]
        assert [label for _, label in form.fields["version"].choices][1:] == [
            *others,
            "v4 (was rolled back from)",
            "v3 (failed for 2 patients)",
        ]


def test_a_version_that_is_put_in_force_again_is_offered_as_any_other(publisher: Client) -> None:
    version = in_force(NOON - days(9), NOON - days(5))
    for again in (ScriptVersion.objects.get(number=1), version):
        steer(publisher, "roll_back", version, version=again.pk)
    form = publisher.get(address("pin", version.script)).context["form"]
    labels = [label for _, label in form.fields["version"].choices]
    assert labels[1:] == ["v2", "v1 (was rolled back from)"]


def test_suspended_versions_and_drafts_are_not_offered(publisher: Client) -> None:
    version = in_force(NOON - days(9), NOON - days(5), NOON)
    drafted(factories.user())
    ScriptVersion.objects.filter(number=1).update(suspended_at=NOON)
    form = publisher.get(address("roll_back", version.script)).context["form"]
    assert [each.number for each in form.fields["version"].queryset] == [2]
    response = steer(publisher, "roll_back", version, version=ScriptVersion.objects.get(number=1).pk)
    assert response.context["form"].errors["version"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reason", " "),
        ("effective_from", ""),
        ("effective_from", "1899-12-31T00:00"),
        ("effective_from", "2999-01-01T00:00"),
        ("effective_from", "yesterday"),
        ("seen", ""),
    ],
)
def test_without_a_reason_or_a_time_that_can_be_nothing_is_done(
    publisher: Client, field: str, value: str
) -> None:
    version = in_force(NOON)
    response = steer(publisher, "withdraw", version, **{field: value})
    assert response.context["form"].errors[field]
    assert made() == [("publish", 1)]


def test_what_somebody_else_changed_meanwhile_is_shown_and_nothing_is_done(publisher: Client) -> None:
    version = in_force(NOON)
    before = seen(version)
    publish("pulse", pulse("result = pulse + 5"), NOON)
    response = steer(publisher, "withdraw", version, seen=before)
    assert "meanwhile" in messages_of(response)[0]
    assert len(made()) == 2


def test_a_script_of_one_organisation_is_steered_in_its_time_zone(publisher: Client) -> None:
    version = in_force(NOON - days(9), NOON)
    ObservationScript.objects.update(organisation=factories.organisation(time_zone="Asia/Tokyo"))
    page = publisher.get(address("roll_back", version.script))
    assert page.context["form"]["effective_from"].value() == "2026-03-10T21:00:00"
    assert "Asia/Tokyo" in text_of(page)
    assert address("pin", version.script) not in shown(publisher, SCRIPT, version.script_id)
    assert "could differ" in messages_of(publisher.get(address("pin", version.script)))[0]


@pytest.mark.parametrize("role", ["Script author", "Clinical support"])
def test_who_may_not_publish_puts_nothing_in_force(role: str, db: None) -> None:
    version, client = in_force(NOON), logged_in(role)
    page = shown(client, SCRIPT, version.script_id)
    for deed in DEEDS:
        assert address(deed, version.script) not in page
        assert steer(client, deed, version).status_code == 403
    assert made() == [("publish", 1)]


def results(number: int, work: Callable[[], int], hours: int = 24) -> ScriptVersion:
    version, submitter = in_force(NOON - days(99)), factories.submitter()
    state(submitter, -40, "a")
    record(
        submitter,
        *(
            factories.reading("p-1", 60, NOON + days(place * hours / 24), code=PULSE, unit="/min")
            for place in range(number)
        ),
    )
    work()
    return version


def test_afterwards_it_is_said_how_many_results_stand_and_a_backfill_of_them_is_offered(
    publisher: Client, work: Callable[[], int]
) -> None:
    version = results(3, work)
    response = steer(publisher, "withdraw", version, effective_from="2026-03-11T12:00:00")
    page = publisher.get(response.headers["Location"])
    assert "2 current results of 1 patient stand" in text_of(page)
    asked = parse_qs(urlsplit(page.context["backfill"]).query)
    assert asked == {
        "script": [str(version.script_id)],
        "since": [(NOON + days(1)).isoformat()],
        "reason": ["What is in force of pulse was changed"],
    }
    form = publisher.get(page.context["backfill"]).context["form"]
    assert form["since"].value() == "2026-03-11T12:00:00"
    sent = {name: form[name].value() or "" for name in form.fields}
    sent |= {"script": version.script_id, "dry_run": "on"}
    publisher.post(reverse("admin:observations_backfill_new"), sent)
    work()
    tried = Backfill.objects.get()
    assert (tried.dry_run, tried.results_changed, tried.state) == (True, 2, "done")


def test_of_one_organisation_only_its_results_are_counted(publisher: Client, work: Callable[[], int]) -> None:
    version, here = results(3, work), factories.organisation(name="North clinic")
    response = steer(publisher, "pin", version, version=version.pk, organisation=here.pk)
    page = publisher.get(response.headers["Location"])
    assert "for North clinic: no current result is as of then or later" in text_of(page)
    assert f"organisation={here.pk}" in page.context["backfill"]


def test_what_counts_later_needs_no_backfill(publisher: Client) -> None:
    version = in_force(NOON)
    tomorrow = timezone.now() + days(1)
    response = steer(publisher, "withdraw", version, effective_from=f"{tomorrow:%Y-%m-%dT%H:%M:%S}")
    page = publisher.get(response.headers["Location"])
    assert "nothing has to be computed anew" in text_of(page)
    assert page.context["backfill"] not in page.content.decode()


def test_who_may_not_start_backfills_is_told_so(db: None) -> None:
    version = in_force(NOON)
    url = f"{address('repair', version.script)}?since=2026-03-10T12:00:00%2B00:00"
    page = logged_in("Script author").get(url)
    assert "Somebody who may start backfills" in text_of(page)
    assert "New backfill" not in text_of(page)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "since=yesterday",
        "since=2026-03-10",
        "since=2026-03-10T12:00:00Z&organisation=00000000-0000-7000-8000-000000000000",
    ],
)
def test_an_address_without_a_time_or_with_a_strange_organisation_leads_back(
    publisher: Client, query: str
) -> None:
    version = in_force(NOON)
    response = publisher.get(f"{address('repair', version.script)}?{query}")
    assert response.headers["Location"] == address("change", version.script)


def test_of_more_patients_than_are_looked_at_it_does_not_say_that_there_is_no_result(
    publisher: Client,
) -> None:
    version, here = in_force(NOON), factories.organisation()
    many = [f"patient-{number}" for number in range(MOST_PATIENTS + 1)]
    ensure_patients(organisation_id=here.pk, external_ids=many)
    page = publisher.get(f"{address('repair', version.script)}?since=2026-03-10T12:00:00%2B00:00")
    assert "of 1,000 patients that were looked at no current result" in text_of(page)


def test_more_results_than_are_counted_are_said_to_be_at_least_so_many(
    publisher: Client, work: Callable[[], int]
) -> None:
    version = results(MOST_RESULTS + 2, work, hours=1)
    page = publisher.get(f"{address('repair', version.script)}?since=2026-03-10T12:00:00%2B00:00")
    assert "at least over 1,000 current results" not in text_of(page)
    assert "over 1,000 current results of at least 1 patient" in text_of(page)
