"""The page 'Why this value?', and the same for machines."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from observations.models import Observation
from submitters.models import Submitter
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.test_pages import listed, shown
from tests.api.contract import DescribedClient, client_of
from tests.factories import NOON, Caller, days
from tests.observations.facts import record, retract, state
from tests.observations.library.test_computed import say
from tests.observations.scripts.writing import PULSE, WEIGHT, content, gives, publish, reads
from tests.observations.why.test_explaining import GRADED, pulse

Work = Callable[[], int]
WHY = "admin:observations_observation_why"
OUTPUTS = {"mean": gives(unit="/min"), "level": {"kind": "interpretation"}}


@pytest.fixture
def support(submitter: Submitter) -> Client:
    return logged_in("Clinical support")


def one_graded(submitter: Submitter, work: Work, value: float = 120) -> Observation:
    publish("graded", content(GRADED, {"pulse": reads(PULSE)}, OUTPUTS))
    record(submitter, pulse(0, value, "first"))
    work()
    return Observation.objects.get()


def test_the_page_shows_inputs_sources_steps_and_the_version(
    support: Client, submitter: Submitter, work: Work
) -> None:
    row = one_graded(submitter, work)
    page = shown(support, WHY, row.pk)
    assert "Heart rate (8867-4), the latest within 1 day, in /min" in page
    assert reverse("admin:observations_measurement_change", args=[row.derived_from[0]]) in page
    assert "<code>if pulse &gt; 100:</code></td><td><div>true</div></td>" in page
    assert "level = &quot;critical&quot;" in page
    assert "it gives the same" in page
    assert "Published" in page
    assert "(critical), as of 10 Mar 2026" in page
    button = shown(support, "admin:observations_observation_change", row.pk)
    assert reverse(WHY, args=[row.pk]) in button


def test_the_page_of_a_superseded_result_says_why_and_leads_to_the_next(
    support: Client, submitter: Submitter, work: Work
) -> None:
    first = one_graded(submitter, work)
    retract(submitter, "first")
    record(submitter, pulse(0, 80, "second"))
    work()
    page = shown(support, WHY, first.pk)
    next_one = Observation.objects.get(superseded_at=None)
    assert "a measurement no longer counts" in page
    assert reverse(WHY, args=[next_one.pk]) in page
    assert "(entered in error since)" in page


def test_the_page_of_what_is_not_computable_names_the_input_that_was_missing(
    support: Client, submitter: Submitter, work: Work
) -> None:
    publish("half", content("result = pulse + weight", {"pulse": reads(PULSE), "weight": reads(WEIGHT)}))
    record(submitter, pulse(0))
    work()
    page = shown(support, WHY, Observation.objects.get().pk)
    assert '<span class="ce-badge ce-badge-bad">no value for weight</span>' in page
    assert "an input stood in the way" in page


def test_a_value_that_differs_from_what_is_stored_is_an_alarm(
    support: Client, submitter: Submitter, work: Work
) -> None:
    row = one_graded(submitter, work)
    Observation.objects.filter(pk=row.pk).update(value={"mean": 1.0})
    page = shown(support, WHY, row.pk)
    assert "it gives something else" in page
    assert "it gives the same" not in page


def test_only_who_may_see_observations_measurements_and_facts_sees_the_page(
    submitter: Submitter, work: Work
) -> None:
    publish("aged", content("result = pulse + age", {"pulse": reads(PULSE), "age": {"fact": "age"}}))
    say(submitter, birth_year=1950)
    record(submitter, pulse(0))
    work()
    user = User.objects.create_user("nurse", is_staff=True)
    client = Client()
    client.force_login(user)
    url = reverse(WHY, args=[Observation.objects.get().pk])
    for name in ("view_observation", "view_measurement", "view_patientfact"):
        assert client.get(url).status_code == 403
        user.user_permissions.add(Permission.objects.get(codename=name))
        user = User.objects.get(pk=user.pk)
    assert "Age in years, as of the result" in client.get(url).content.decode()
    assert "/login/" in Client().get(url)["Location"]


@pytest.mark.parametrize("key", ["00000000-0000-0000-0000-000000000000", "no-id"])
def test_the_page_of_what_is_not_there_leads_to_the_front_page(support: Client, key: str) -> None:
    assert support.get(reverse(WHY, args=[key]))["Location"] == reverse("admin:index")


@pytest.fixture
def caller(submitter: Submitter) -> Caller:
    return factories.caller()


@pytest.fixture
def api(caller: Caller) -> DescribedClient:
    return client_of(caller)


def explanation(api: DescribedClient, row: Observation) -> Any:
    return api.get(f"/api/v1/observations/{row.pk}/explanation")


def test_the_same_for_machines(api: DescribedClient, caller: Caller, work: Work) -> None:
    state(caller.submitter, -40, "ours")
    work()
    row = one_graded(caller.submitter, work)
    told = explanation(api, row).json()
    assert told["observation"]["interpretation"] == "critical"
    assert told["script_text"] == row.script_version.source
    [read] = told["inputs"]
    assert (read["name"], read["value"], read["measurements"]) == (
        "pulse",
        120,
        [str(row.derived_from[0])],
    )
    assert read["declared"] == row.script_version.inputs["pulse"]
    assert told["steps"][:2] == [
        {"line": 1, "name": None, "condition": "if pulse > 100:", "value": "true"},
        {"line": 2, "name": "level", "condition": None, "value": '"critical"'},
    ]
    assert (told["difference"], told["superseded_by"], told["steps_complete"]) == ("", None, True)
    record(caller.submitter, pulse(-0.0001, 130), pulse(0, 90, "zz later by its id"))
    work()
    newest = Observation.objects.get(superseded_at=None, as_of=NOON)
    assert explanation(api, row).json()["superseded_by"] == str(newest.pk)


def test_a_key_that_may_not_read_measurements_is_shown_none_by_way_of_an_explanation(
    submitter: Submitter, work: Work
) -> None:
    row = one_graded(submitter, work)
    only_results = client_of(factories.caller(("observations:read",)))
    assert explanation(only_results, row).status_code == 403


def test_an_observation_of_another_organisation_is_as_good_as_not_there(
    api: DescribedClient, submitter: Submitter, work: Work
) -> None:
    row = one_graded(submitter, work)
    assert explanation(api, row).status_code == 404


def test_an_observation_shows_its_interpretation_and_all_that_it_was_computed_from(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    state(caller.submitter, -40, "ours")
    work()
    publish("aged", content("result = pulse + age", {"pulse": reads(PULSE), "age": {"fact": "age"}}))
    say(caller.submitter, birth_year=1950)
    record(caller.submitter, pulse(0), pulse(-1))
    work()
    row = Observation.objects.get(script__name="aged", as_of=NOON)
    query = {"patient": str(row.patient_id), "script": "aged"}
    [newest, _] = api.get("/api/v1/observations", query).json()["results"]
    assert newest["from_facts"] == [str(key) for key in row.from_facts] != []
    assert (newest["from_observations"], newest["interpretation"]) == ([], "")
    assert newest["outputs"] == {"result": {"kind": "number", "code": "result"}}
    assert newest["as_of"] > (NOON - days(1)).isoformat()
    assert api.get("/api/v1/observations", {**query, "script": "none"}).json()["results"] == []


def test_the_list_can_be_cut_to_what_was_not_computable(
    support: Client, submitter: Submitter, work: Work
) -> None:
    one_graded(submitter, work)
    publish("half", content("result = weight", {"pulse": reads(PULSE), "weight": reads(WEIGHT)}))
    record(submitter, pulse(-2))
    work()
    half = Observation.objects.filter(script__name="half")
    shown_rows = listed(support, "admin:observations_observation_changelist", state="none")
    assert set(shown_rows) == {str(row) for row in half}
    assert Observation.objects.count() > len(shown_rows) > 0
