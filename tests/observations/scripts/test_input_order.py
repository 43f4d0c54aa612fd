"""Inputs are kept and shown in the order of their author, which jsonb forgets."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from observations.admin.workbench.forms import DraftForms
from observations.computing.explaining import explain
from observations.models import Observation, ScriptVersion
from observations.scripts.content import content_of
from observations.scripts.drafting import save_draft
from observations.scripts.publishing import publish_released
from submitters.models import Submitter
from tests import factories
from tests.admin.conftest import logged_in
from tests.api.contract import client_of
from tests.factories import NOON
from tests.observations.backfill.support import Work
from tests.observations.facts import reading_on, record, state
from tests.observations.scripts.writing import PULSE, WEIGHT, content, draft, publish, reads

pytestmark = pytest.mark.django_db
# jsonb would have them as ab, rate, weights.
ORDER = ["weights", "rate", "ab"]
INPUTS = {
    "weights": reads(WEIGHT, "all_within", missing="none"),
    "rate": reads(PULSE),
    "ab": reads(PULSE, missing="none"),
}
WRITTEN = content("result = rate + len(weights)", INPUTS)


def stored(version: ScriptVersion) -> ScriptVersion:
    return ScriptVersion.objects.select_related("script").get(pk=version.pk)


def without_order(version: ScriptVersion) -> ScriptVersion:
    """As a release before the order was kept has written it."""
    ScriptVersion.objects.filter(pk=version.pk).update(input_order=[])
    return stored(version)


def computed(work: Work, submitter: Submitter | None = None) -> Observation:
    submitter = submitter or factories.submitter()
    state(submitter, -40, "s")
    record(submitter, reading_on(0, 60, code=PULSE, unit="/min"))
    work()
    return Observation.objects.select_related("organisation", "script_version__script").get()


def test_an_author_finds_them_in_the_editor_as_they_were_declared() -> None:
    version = stored(draft("orderly", WRITTEN))
    assert list(version.declared) == list(content_of(version).inputs) == ORDER
    rows = DraftForms(version).inputs
    assert [form.initial["name"] for form in rows.forms if form.initial] == ORDER


def test_pages_of_a_version_show_them_so() -> None:
    version, page = draft("orderly", WRITTEN), logged_in("Administrator")
    for name in ("change", "propose"):
        text = page.get(
            reverse(f"admin:observations_scriptversion_{name}", args=[version.pk])
        ).content.decode()
        shown = text[text.index("weights&quot;: {" if name == "change" else "<td>weights</td>") :]
        assert shown.index("rate") < shown.index("&quot;ab&quot;" if name == "change" else "<td>ab</td>")


def test_why_this_value_tells_them_so_on_the_page_and_in_the_api(work: Work) -> None:
    publish("orderly", WRITTEN)
    caller = factories.caller()
    row = computed(work, caller.submitter)
    assert [one.name for one in explain(row).inputs] == ORDER
    support = logged_in("Clinical support")
    page = support.get(reverse("admin:observations_observation_why", args=[row.pk])).content.decode()
    places = [page.index(f"<td>{name}</td>") for name in ORDER]
    assert places == sorted(places)
    answer = client_of(caller).get(f"/api/v1/observations/{row.pk}/explanation").json()
    assert [one["name"] for one in answer["inputs"]] == ORDER


def test_of_several_that_are_missing_the_one_declared_first_is_told_of(work: Work) -> None:
    inputs = {"weights": reads(WEIGHT, "all_within"), "rate": reads(PULSE), "ab": reads("8310-5")}
    publish("orderly", content("result = rate + ab + len(weights)", inputs))
    assert computed(work).not_computable == "no value for weights"


def test_a_version_whose_order_was_not_kept_computes_and_explains_as_before(work: Work) -> None:
    version = without_order(draft("orderly", WRITTEN))
    publish_released(version=version, effective_from=NOON.replace(year=2000))
    row = computed(work)
    assert row.value == {"result": 60}
    told = explain(row)
    assert (told.difference, [one.name for one in told.inputs]) == ("", ["ab", "rate", "weights"])


def test_a_draft_whose_inputs_were_changed_without_their_order_shows_all_of_them() -> None:
    version = draft("orderly", WRITTEN)
    changed = {"rate": INPUTS["rate"], "new": INPUTS["ab"], "weights": INPUTS["weights"]}
    ScriptVersion.objects.filter(pk=version.pk).update(inputs=changed)
    assert list(stored(version).declared) == ["weights", "rate", "new"]


def test_another_order_alone_is_a_change_and_the_same_order_is_none() -> None:
    version = stored(draft("orderly", WRITTEN))
    turned = replace(WRITTEN, inputs=dict(reversed(INPUTS.items())))
    author = factories.user()
    assert not save_draft(actor=author, version=version, content=WRITTEN, seen=version.edited_at)
    assert save_draft(actor=author, version=version, content=turned, seen=version.edited_at)
    assert list(stored(version).declared) == ORDER[::-1]


def test_a_draft_whose_order_was_not_kept_is_not_changed_by_saving_it_as_it_is_shown() -> None:
    version = without_order(draft("orderly", WRITTEN))
    assert not save_draft(
        actor=factories.user(), version=version, content=content_of(version), seen=version.edited_at
    )


def test_the_order_of_a_published_version_stays() -> None:
    version = publish("orderly", WRITTEN)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        ScriptVersion.objects.filter(pk=version.pk).update(input_order=ORDER[::-1])


def test_the_inputs_of_a_test_case_come_back_in_the_order_of_their_declaration() -> None:
    case = {"inputs": {"ab": None, "weights": [], "rate": None}, "not_computable": True}
    version = stored(draft("orderly", replace(WRITTEN, test_cases=[case])))
    assert [list(case["inputs"]) for case in version.cases] == [ORDER]
    assert version.cases == version.test_cases
