"""Windows in the admin: opening, following and stopping them."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import execute
from clinical_engine.profiling.models import ProfilingWindow
from patients.services import activate
from tests import factories
from tests.admin.conftest import logged_in
from tests.profiling.silk.windows import do_a_round, opened

NEW = "admin:profiling_profilingwindow_add"
LIST = "admin:profiling_profilingwindow_changelist"
ACTIVATIONS = "POST /api/v1/activations"
ASKED = {"origin": ACTIVATIONS, "minutes": "10", "per_cent": "100", "reason": "CE-7: slow since noon"}

pytestmark = pytest.mark.usefixtures("db", "not_profiled")


@pytest.fixture
def engineer(db: None) -> Client:
    return logged_in("On-call engineer")


def without_silk() -> Client:
    """Somebody who may see windows, and not what silk recorded."""
    account, client = factories.user(username="without-silk", is_staff=True), Client()
    account.user_permissions.add(Permission.objects.get(codename="view_profilingwindow"))
    client.force_login(account)
    return client


def page_of(window: ProfilingWindow, page: str = "change") -> str:
    return reverse(f"admin:profiling_profilingwindow_{page}", args=[window.pk])


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("role", ["On-call engineer", "Administrator"])
def test_engineers_open_a_window_and_see_that_it_is_open(role: str) -> None:
    client = logged_in(role)
    assert reverse(NEW) in text_of(client, reverse(LIST))
    answer = client.post(reverse(NEW), ASKED)
    window = ProfilingWindow.objects.get()
    assert answer.headers["Location"] == page_of(window)
    assert (window.origin, window.share, window.reason) == (ACTIVATIONS, 1.0, ASKED["reason"])
    assert "Open, 10 minutes left" in text_of(client, reverse(LIST))
    assert page_of(window, "stop") in text_of(client, page_of(window))
    assert AuditEntry.objects.get().reason == ASKED["reason"]


def test_support_neither_sees_nor_opens_nor_stops_one() -> None:
    window, support = opened("job associate"), logged_in("Clinical support")
    for address in (reverse(LIST), reverse(NEW), page_of(window), page_of(window, "stop")):
        assert support.get(address).status_code == 403
    assert support.post(reverse(NEW), ASKED).status_code == 403
    assert support.post(page_of(window, "stop"), {"reason": "No"}).status_code == 403
    assert ProfilingWindow.objects.get().stopped_by is None


def test_the_form_offers_what_the_engine_does_and_what_the_address_names(engineer: Client) -> None:
    page = text_of(engineer, f"{reverse(NEW)}?origin=job+associate")
    assert '<option value="job associate" selected' in page
    groups = re.findall('<optgroup label="([^"]*)">', page)
    assert (groups[:4], groups[-1]) == (["Jobs", "Tasks", "API", "FHIR"], "Pages of the admin")
    for no_page in ("?P&lt;", "/delete/<", "$<", "PATCH /admin"):
        assert no_page not in page
    assert "cannot record" not in page


@pytest.mark.parametrize("asked", ["command+backfill", "GET+%2Fsilk%2F", "%00"])
def test_an_address_that_names_what_cannot_be_recorded_is_told_so(engineer: Client, asked: str) -> None:
    assert "silk cannot record" in text_of(engineer, f"{reverse(NEW)}?origin={asked}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": "61"},
        {"minutes": "ten"},
        {"per_cent": "0"},
        {"reason": ""},
        {"reason": " "},
        {"origin": "x"},
        {"origin": ""},
    ],
)
def test_a_wrong_answer_is_shown_with_the_form_and_opens_nothing(
    engineer: Client, wrong: dict[str, str]
) -> None:
    answer = engineer.post(reverse(NEW), ASKED | wrong)
    assert answer.status_code == 200
    assert 'class="ce-errors" role="alert"' in answer.content.decode()
    assert not ProfilingWindow.objects.exists()


def test_a_second_window_for_the_same_is_refused_in_words(engineer: Client) -> None:
    opened(ACTIVATIONS)
    assert "open for it already" in engineer.post(reverse(NEW), ASKED).content.decode()
    assert ProfilingWindow.objects.count() == 1


def test_a_window_is_stopped_with_a_reason_and_then_offers_no_stopping(engineer: Client) -> None:
    window = opened(ACTIVATIONS)
    assert "Stop recording" in text_of(engineer, page_of(window, "stop"))
    answer = engineer.post(page_of(window, "stop"), {"reason": "Enough"})
    assert answer.headers["Location"] == page_of(window)
    page = text_of(engineer, page_of(window))
    assert "Stopped" in page
    assert "on-call-engineer" in page
    assert page_of(window, "stop") not in page
    again = engineer.post(page_of(window, "stop"), {"reason": "Again"}, follow=True)
    assert "It is over already" in again.content.decode()


def test_why_one_was_stopped_is_read_on_its_page_and_in_the_list(engineer: Client) -> None:
    window = opened(ACTIVATIONS)
    engineer.post(page_of(window, "stop"), {"reason": "CE-7: the database is too busy"})
    assert "CE-7: the database is too busy" in text_of(engineer, page_of(window))
    assert "Stopped: CE-7: the database is too busy" in text_of(engineer, reverse(LIST))


@pytest.mark.parametrize("role", ["On-call engineer", "Administrator"])
def test_whoever_opens_windows_sees_what_they_recorded(role: str) -> None:
    client, window = logged_in(role), opened(ACTIVATIONS)
    assert "slowest that were recorded" in text_of(client, page_of(window))
    assert client.get(reverse("silk:summary")).status_code == 200


def test_the_form_tells_how_many_are_recorded_as_the_pages_do(engineer: Client) -> None:
    assert "At most 2,000 are recorded" in text_of(engineer, reverse(NEW))


def test_one_that_is_over_and_one_that_has_recorded_all_it_may_say_so(engineer: Client) -> None:
    opened(ACTIVATIONS)
    execute("UPDATE profiling_profilingwindow SET granted = 2000, recorded = 1990")
    page = text_of(engineer, reverse(LIST))
    assert "has recorded all it may" in page
    assert "1,990 of at most 2,000" in page
    execute(
        "UPDATE profiling_profilingwindow SET starts_at = now() - interval '2 h', ends_at = now() - interval '1 h'"
    )
    assert ">Over<" in text_of(engineer, reverse(LIST))


def test_its_page_leads_to_what_silk_recorded_for_whom_silk_is_open(
    engineer: Client, work: Callable[[], int]
) -> None:
    window = opened("job associate")
    do_a_round()
    activate(
        submitter=factories.submitter(), statements=[factories.statement("p")], origin=factories.BY_IMPORT
    )
    work()
    page = text_of(engineer, page_of(window))
    assert "JOB job/associate" in page
    in_silk = f"{reverse('silk:requests')}?path=job%2Fassociate"
    assert in_silk in page
    assert "job/associate" in text_of(engineer, in_silk)
    assert in_silk in text_of(logged_in("Administrator"), page_of(window))
    assert in_silk not in text_of(without_silk(), page_of(window))


def test_a_page_of_what_is_no_window_leads_away(engineer: Client) -> None:
    for key in ("4711", "x"):
        for page in ("change", "stop"):
            address = reverse(f"admin:profiling_profilingwindow_{page}", args=[key])
            assert engineer.get(address).headers["Location"] == reverse("admin:index")
