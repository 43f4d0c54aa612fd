"""Trying a version on a patient: who may, what is shown, what the audit trail keeps, and a test case out of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from clinical_engine.audit.models import AuditEntry
from observations.admin.workbench import plotting, rehearsed
from observations.computing.times import microseconds
from observations.models import Observation, ScriptVersion
from patients.models import Patient
from submitters.models import Submitter
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import text_of
from tests.admin.scripts.support import address, in_force, pulse
from tests.factories import NOON, days
from tests.observations.facts import record, state
from tests.observations.scripts.writing import PULSE, draft

Work = Callable[[], int]
PERIOD = {"since": "2026-03-01T12:00:00", "until": "2026-03-11T12:00:00"}


@pytest.fixture
def administrator(db: None) -> Client:
    return logged_in("Administrator")


@pytest.fixture
def submitter(db: None, work: Work) -> Submitter:
    """Whose patient has two results of a script that is in force."""
    in_force(NOON - days(300))
    owner = factories.submitter()
    state(owner, -40, "active")
    readings = (
        factories.reading("p-1", value, NOON - days(day), code=PULSE, unit="/min")
        for day, value in enumerate((60, 90))
    )
    record(owner, *readings)
    work()
    return owner


@pytest.fixture
def version(submitter: Submitter) -> ScriptVersion:
    """A draft that gives less for the higher one."""
    return draft("pulse", pulse("result = min(80, pulse)"))


def run(client: Client, version: ScriptVersion, page: str = "rehearse", /, **fields: object) -> Any:
    return client.post(address(page, version), {"patient": "p-1", **PERIOD, **fields})


def test_results_are_shown_beside_what_stands_and_drawn(
    administrator: Client, version: ScriptVersion
) -> None:
    before = list(Observation.objects.values())
    response = run(administrator, version)
    assert "2 results: 1 not as it stands now, 0 not computable, 0 failing." in text_of(response)
    [newest, older] = response.context["table"]["rows"]
    assert (newest[1:3], older[1:3]) == (["60.0", "result 60.0"], ["90.0", "result 80"])
    assert "result 90.0" in older[3]
    assert "Differs" in older[4]
    assert [plot.name for plot in response.context["drawing"].plots] == [
        "result: this version",
        "result: stands now",
    ]
    assert f"#at-{microseconds(NOON)}" in response.content.decode()
    assert list(Observation.objects.values()) == before


def test_only_what_differs_is_listed_on_request_and_no_more_than_a_page_holds(
    administrator: Client, version: ScriptVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(run(administrator, version, differing="on").context["table"]["rows"]) == 1
    monkeypatch.setattr(rehearsed, "SHOWN", 1)
    assert run(administrator, version).context["table"]["note"] == "The newest 1 of 2."


def test_no_more_is_drawn_than_a_page_holds(
    administrator: Client, version: ScriptVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plotting, "MARKS", 2)
    drawing = run(administrator, version).context["drawing"]
    assert [len(plot.results[0].marks) for plot in drawing.plots] == [1, 1]
    assert drawing.title == "The newest 1 are drawn."


def test_the_audit_trail_names_version_and_patient(administrator: Client, version: ScriptVersion) -> None:
    run(administrator, version, reason="ticket 9")
    patient = Patient.objects.get()
    entries = AuditEntry.objects.filter(action="script.rehearse").order_by("pk")
    assert [(one.target_type, one.target_id, one.reason) for one in entries] == [
        ("script_version", str(version.pk), "ticket 9"),
        ("patient", str(patient.pk), "ticket 9"),
    ]
    assert entries[1].organisation_id == patient.organisation_id


def test_one_result_is_told_step_by_step(administrator: Client, version: ScriptVersion) -> None:
    text = run(administrator, version, step_by_step=microseconds(NOON)).content.decode()
    assert "result = 60.0" in text
    assert "Step by step, as of 10 Mar 2026" in text


def test_a_patients_readings_become_a_test_case_that_is_not_saved(
    administrator: Client, version: ScriptVersion
) -> None:
    response = run(administrator, version, "case", as_of=microseconds(NOON))
    assert "The last test case has the readings of a patient." in text_of(response)
    added = response.context["draft"].cases.forms[1]
    assert added.initial["inputs"] == {"pulse": 60.0}
    assert len(ScriptVersion.objects.get(pk=version.pk).test_cases) == 1


def test_the_fields_of_times_say_in_which_zone_results_are_listed(
    administrator: Client, version: ScriptVersion
) -> None:
    listed = "Results are listed in the time zone of the patient's organisation."
    form = administrator.get(address("rehearse", version)).context["form"]
    for name in ("since", "until"):
        assert form.fields[name].help_text.startswith("As the clocks show it in UTC")
    assert form.fields["since"].help_text.endswith(listed)
    version.script.organisation = factories.organisation(time_zone="Asia/Tokyo")
    version.script.save(update_fields=["organisation"])
    form = administrator.get(address("rehearse", version)).context["form"]
    assert form.fields["since"].help_text == "As the clocks show it in Asia/Tokyo."


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("patient", "p-2", "There is no such patient."),
        ("patient", str(NOON.year), "There is no such patient."),
        ("until", "2026-02-01T12:00:00", "The period ends before it begins."),
        ("since", "2020-02-01T12:00:00", "At most 366 days at a time."),
    ],
)
def test_what_cannot_be_run_says_why_and_records_nothing(
    administrator: Client, version: ScriptVersion, field: str, typed: str, message: str
) -> None:
    response = run(administrator, version, **{field: typed})
    assert message in text_of(response)
    assert not AuditEntry.objects.filter(action="script.rehearse").exists()


def test_a_patient_is_found_by_either_id_and_by_organisation_where_two_have_it(
    administrator: Client, version: ScriptVersion
) -> None:
    ours = Patient.objects.get()
    factories.patient(factories.organisation(), "p-1")
    assert "Several organisations have a patient with this id" in text_of(run(administrator, version))
    for asked in ({"patient": str(ours.pk)}, {"organisation": ours.organisation_id}):
        assert run(administrator, version, **asked).context["patient"] == ours


def test_the_patient_of_another_organisation_than_the_scripts_is_refused(
    administrator: Client, version: ScriptVersion
) -> None:
    version.script.organisation = factories.organisation()
    version.script.save(update_fields=["organisation"])
    assert "another organisation" in text_of(run(administrator, version))


@pytest.mark.parametrize("role", ["Clinical support", "Script author", "Script publisher"])
def test_only_who_may_write_scripts_and_see_patients_tries_them_on_one(
    version: ScriptVersion, role: str
) -> None:
    client = logged_in(role)
    assert run(client, version).status_code == 403
    assert run(client, version, "case", as_of=microseconds(NOON)).status_code == 403
    page = client.get(address("change", version)).content.decode()
    assert address("rehearse", version) not in page


def test_a_published_version_is_tried_too_but_gets_no_test_case(
    administrator: Client, submitter: Submitter
) -> None:
    published = ScriptVersion.objects.get()
    response = run(administrator, published)
    assert "2 results: 0 not as they stand now" in text_of(response)
    assert address("case", published) not in response.content.decode()
    assert run(administrator, published, "case", as_of=microseconds(NOON)).status_code == 302
