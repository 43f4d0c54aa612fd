"""What somebody types into silk's filter forms: it narrows the list, or is dropped; never a failure, never in a log."""

from uuid import UUID

import pytest
from django.test import Client, RequestFactory
from silk.models import Request
from silk.request_filters import filters_from_request

FORMS = ("/silk/", "/silk/profiling/", "/silk/requests/")


@pytest.mark.parametrize(
    "typed",
    [
        ("seconds", "SecondsFilter", "999999999999"),
        ("seconds", "SecondsFilter", "ZZMARK-p1"),
        ("afterdate", "AfterDateFilter", "0001/01/01 00:00"),
        ("afterdate", "AfterDateFilter", "2026/02/30 00:00"),
        ("beforedate", "BeforeDateFilter", "9999/12/31 24:00"),
        ("numqueriesfilter", "NumQueriesFilter", "99999999999"),
        ("status_code", "StatusCodeFilter", "999999999999"),
        ("method", "MethodFilter", "x" * 5_000),
        ("method", "ZZMARK-p1", "1"),
        ("method", "NumQueriesFilter", "GET"),
        ("show", "MethodFilter", "GET"),
    ],
)
@pytest.mark.parametrize("path", FORMS)
def test_silk_drops_filters_over_which_it_would_fail(
    reader: Client, caplog: pytest.LogCaptureFixture, path: str, typed: tuple[str, str, str]
) -> None:
    name, kind, value = typed
    sent = {f"filter-{name}-typ": kind, f"filter-{name}-value": value, "filter": "1", "filter-": "1"}
    assert reader.post(path, sent).status_code == 200
    assert reader.get(path).status_code == 200, "nothing of it is kept in the session"
    assert "ZZMARK" not in caplog.text


@pytest.mark.usefixtures("profiled")
def test_silk_filters_by_what_its_forms_offer(reader: Client, api: Client) -> None:
    api.get(f"/api/v1/jobs/{UUID(int=7)}")
    fitting = {
        "seconds": ("SecondsFilter", "600"),
        "status_code": ("StatusCodeFilter", "401"),
        "method": ("MethodFilter", "GET"),
        "numqueriesfilter": ("NumQueriesFilter", "1"),
    }
    sent = {f"filter-{name}-typ": kind for name, (kind, _) in fitting.items()}
    sent |= {f"filter-{name}-value": value for name, (_, value) in fitting.items()}
    status = str(Request.objects.get().response.status_code)
    sent["filter-status_code-value"] = status
    page = reader.post("/silk/requests/", sent)
    assert set(page.context["filters"]) == set(fitting)
    assert len(page.context["results"]) == 1
    sent["filter-method-value"] = "DELETE"
    assert not reader.post("/silk/requests/", sent).context["results"]


def test_silk_itself_writes_no_filter_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    sent = {"filter-seconds-typ": "SecondsFilter", "filter-seconds-value": "ZZMARK-p1"}
    assert filters_from_request(RequestFactory().post("/silk/", sent)) == {}
    assert "ZZMARK" not in caplog.text
