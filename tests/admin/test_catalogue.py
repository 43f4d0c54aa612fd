"""The catalogue of codes in the admin: shown to all staff, edited by administrators."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from observations.catalogue import catalogue
from observations.models import Code
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import text_of
from tests.admin.test_pages import listed, shown
from tests.admin.world import record
from tests.observations.catalogue.editing import PEAK_FLOW, add

LIST = "admin:observations_code_changelist"
ADD = "admin:observations_code_add"
REASON = {"reason": "ticket 31"}
NEW = {
    "system": "http://loinc.org",
    "code": "19935-6",
    "display": "Peak flow",
    "kind": "quantity",
    "units": "L/min\r\n\r\n mL/s ",
    "plausible_low": "20",
    "plausible_high": "900",
    **REASON,
}


@pytest.fixture
def administrator(db: None) -> Client:
    return logged_in("Administrator")


def page(code: str, name: str = "change") -> str:
    return reverse(f"admin:observations_code_{name}", args=[Code.objects.get(code=code).pk])


def fields_of(client: Client, url: str) -> dict[str, Any]:
    """What a form would send as it stands."""
    form = client.get(url).context["form"]
    return {field.html_name: value for field in form if (value := field.value()) is not None}


def edit(client: Client, code: str, /, **changed: str) -> Any:
    url = page(code, "edit")
    return client.post(url, {**fields_of(client, url), **REASON, **changed}, follow=True)


def errors(response: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = response.context["form"].errors
    return found


def test_a_code_is_added_and_readings_of_it_are_taken(administrator: Client) -> None:
    response = administrator.post(reverse(ADD), NEW, follow=True)
    assert "Peak flow is in the catalogue" in text_of(response)
    assert list(catalogue().by_code["19935-6"].units) == ["L/min", "mL/s"]
    entry = AuditEntry.objects.get(action="code.create")
    assert (str(entry.actor), entry.reason) == ("administrator", "ticket 31")
    record(factories.organisation(), factories.reading("p", "420", code="19935-6", unit="L/min"))


def test_the_page_of_a_code_shows_its_units_and_how_they_are_converted(support: Client) -> None:
    text = text_of(support.get(page("8310-5")))
    assert "(x - 32) · 5 / 9 Cel" in text
    assert "25 to 45 Cel" in text
    assert "x · 180.156 / 10 mg/dL" in text_of(support.get(page("2339-0")))


def test_the_page_of_a_panel_leads_to_its_parts_and_back(support: Client) -> None:
    assert page("8480-6") in support.get(page("85354-9")).content.decode()
    assert page("85354-9") in support.get(page("8480-6")).content.decode()


def test_the_page_of_a_coded_value_shows_its_answers_with_their_scores(support: Client) -> None:
    text = text_of(support.get(page("44250-9")))
    assert '<span class="ce-id">LA6571-9</span></td><td>Nearly every day</td><td>3</td>' in text


def test_a_range_and_a_unit_are_changed(administrator: Client) -> None:
    response = edit(administrator, "29463-7", plausible_high="650", units="kg\ng\n[lb_av]\n[oz_av]")
    assert "Changed." in text_of(response)
    entry = catalogue().by_code["29463-7"]
    assert list(entry.units) == ["kg", "g", "[lb_av]", "[oz_av]"]
    assert entry.plausible_high == Decimal(650)


@pytest.mark.parametrize(
    "code", ["8867-4", "2339-0", "44250-9", "44249-1", "85354-9", "patient-note", "exercise-more"]
)
def test_saving_a_code_as_it_stands_changes_nothing(administrator: Client, code: str) -> None:
    assert "nothing was changed" in text_of(edit(administrator, code))
    assert not AuditEntry.objects.filter(target_type="code").exists()


def test_answers_are_changed_line_by_line(administrator: Client) -> None:
    answers = "LA6568-5 | Never | 0\nLA6569-3 | Several days | 1.5\nLA6570-1 | More than half\nLA6571-9 | Nearly every day | 3"
    edit(administrator, "44250-9", answers=answers)
    rows = Code.objects.get(code="44250-9").answers.values_list("answer", "display", "score")
    assert [(answer, display, str(score)) for answer, display, score in rows] == [
        ("LA6568-5", "Never", "0"),
        ("LA6569-3", "Several days", "1.5"),
        ("LA6570-1", "More than half", "None"),
        ("LA6571-9", "Nearly every day", "3"),
    ]


def test_a_part_is_made_optional(administrator: Client) -> None:
    edit(administrator, "85354-9", parts="8480-6\n8462-4 optional")
    parts = catalogue().by_code["85354-9"].parts
    assert [part.is_required for part in parts.values()] == [True, False]


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("units", "L/min\nkg", "kg cannot be converted to L/min, the canonical unit."),
        (
            "units",
            "mg/dL\nmmol/L",
            "mmol/L cannot be converted to mg/dL, the canonical unit, without the molar mass.",
        ),
        ("units", "litres", "litres is no unit of UCUM, or none that can be worked with."),
        ("units", "", "Must be at least one (UCUM); 1 is the unit of a mere number."),
        ("code", "19935-5", "Is no code of LOINC: the digit behind the hyphen does not fit the others."),
        ("code", "8867-4", "The catalogue has this code already."),
        ("plausible_high", "10", "Must not be below the lowest plausible value."),
        ("plausible_low", "NaN", "Enter a number."),
        ("molar_mass", "-1", "Must be above 0."),
        ("answers", "a | A", "Must be empty: only 'One of several answers' has it."),
        (
            "answers",
            "good",
            "Line 1: Must be the answer's code and its text, and its score where it has one, with | between them.",
        ),
        ("answers", "\na | A | many", "Line 2: The score must be a number."),
        (
            "parts",
            "8867-4 maybe",
            "Line 1: Must be a code, with the word 'optional' behind it where a reading may lack it.",
        ),
        ("reason", "", "This field is required."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    administrator: Client, field: str, text: str, message: str
) -> None:
    response = administrator.post(reverse(ADD), {**NEW, field: text})
    assert errors(response) == {field: [message]}
    assert not Code.objects.filter(display="Peak flow").exists()
    assert not AuditEntry.objects.filter(action="code.create").exists()


def test_what_a_person_typed_is_kept_when_something_is_wrong(administrator: Client) -> None:
    text = administrator.post(reverse(ADD), {**NEW, "units": "L/min\nkg"}).content.decode()
    assert "L/min\nkg</textarea>" in text


def test_the_canonical_unit_and_what_readings_have_is_refused_with_a_reason(administrator: Client) -> None:
    record(factories.organisation(), factories.reading("p", "150", code="29463-7", unit="[lb_av]"))
    assert "kg stays the first" in errors(edit(administrator, "29463-7", units="g\nkg\n[lb_av]"))["units"][0]
    used = errors(edit(administrator, "29463-7", units="kg\ng"))["units"]
    assert used == ["[lb_av] cannot be removed: stored readings have it."]


def test_the_code_and_its_kind_cannot_be_sent_along(administrator: Client) -> None:
    edit(
        administrator,
        "8867-4",
        code="19935-6",
        kind="text",
        system="urn:clinical-engine:codes",
        display="Pulse",
    )
    code = Code.objects.get(code="8867-4")
    assert (code.display, code.value_kind, code.system) == ("Pulse", "quantity", "http://loinc.org")


def test_a_change_meanwhile_is_not_overwritten(administrator: Client) -> None:
    url = page("8867-4", "edit")
    seen = fields_of(administrator, url)
    edit(administrator, "8867-4", display="Pulse")
    response = administrator.post(url, {**seen, **REASON, "display": "Beats"})
    assert "The code was changed meanwhile." in text_of(response)
    assert catalogue().by_code["8867-4"].display == "Pulse"


def test_a_code_that_nothing_has_is_removed_for_a_reason(administrator: Client) -> None:
    add(PEAK_FLOW)
    url = page("19935-6", "remove")
    assert "Readings of it are refused from then on." in text_of(administrator.get(url))
    response = administrator.post(url, REASON, follow=True)
    assert "Peak flow is no longer in the catalogue." in text_of(response)
    assert AuditEntry.objects.get(action="code.remove").reason == "ticket 31"
    assert administrator.get(url).status_code == 302


def test_a_code_that_something_has_says_why_it_stays(administrator: Client) -> None:
    response = administrator.post(page("8480-6", "remove"), REASON, follow=True)
    assert "Systolic blood pressure is a part of Blood pressure: it stays." in text_of(response)


@pytest.mark.parametrize("name", ["edit", "remove"])
def test_a_computed_code_is_not_edited(administrator: Client, name: str) -> None:
    response = administrator.post(page("glucose-7d", name), REASON, follow=True)
    assert "computed by scripts" in text_of(response)


@pytest.mark.parametrize("role", ["Clinical support", "On-call engineer"])
def test_only_administrators_edit_the_catalogue(role: str, db: None) -> None:
    client = logged_in(role)
    for url in (reverse(ADD), page("8867-4", "edit"), page("8867-4", "remove")):
        assert client.get(url).status_code == 403
        assert client.post(url, {**NEW, "display": "Changed"}).status_code == 403
    assert not Code.objects.filter(display="Changed").exists()


def test_buttons_are_shown_to_who_may_use_them(administrator: Client, support: Client) -> None:
    assert page("8867-4", "edit") in administrator.get(page("8867-4")).content.decode()
    assert page("8867-4", "edit") not in support.get(page("8867-4")).content.decode()
    assert reverse(ADD) in administrator.get(reverse(LIST)).content.decode()
    assert reverse(ADD) not in support.get(reverse(LIST)).content.decode()


def test_codes_are_found_by_code_and_name(support: Client) -> None:
    assert listed(support, LIST, q="8867-4") == ["Heart rate"]
    assert listed(support, LIST, q="blood pressure", value_kind__exact="components") == ["Blood pressure"]
    assert "Cel, [degF]" in shown(support, LIST)


def test_the_list_asks_as_often_for_many_codes_as_for_few(support: Client) -> None:
    def queries(**filters: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            listed(support, LIST, **filters)
        return len(captured)

    queries()
    assert queries(q="8867-4") == queries()
