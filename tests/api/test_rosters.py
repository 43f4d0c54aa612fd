import gzip
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
import silk.models
from pytest_django import Settings

from clinical_engine.api.uploads import MOST_AT_ONCE, place_to_upload
from patients.models import Association, Roster, RosterLine
from tests import factories
from tests.api.contract import DescribedClient, client_of
from tests.factories import Caller
from tests.patients.rosters.rows import SINCE, csv, ndjson, put_roster

Work = Callable[[], int]


def put(api: DescribedClient, to: Caller, body: bytes, **options: Any) -> Any:
    return put_roster(api, to.submitter.id, body, **options)


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def nothing_is_left() -> bool:
    return not Roster.objects.exists() and not RosterLine.objects.exists()


def test_a_roster_is_accepted_applied_and_shown(api: DescribedClient, caller: Caller, work: Work) -> None:
    answer = put(api, caller, ndjson("p-1", {"external_id": "p-2"}, "p-3"))
    assert answer.status_code == 202
    received = answer.json()
    assert (received["lines"], received["unreadable"]) == (3, 1)
    assert answer.headers["Location"] == f"/api/v1/jobs/{received['job']}"
    waiting = api.get(received["url"])
    assert (waiting.json()["state"], waiting.json()["counts"]) == ("comparing", None)
    assert waiting.headers["Retry-After"] == "1"
    work()
    seen = api.get(received["url"])
    assert "Retry-After" not in seen.headers
    roster = seen.json()
    assert (roster["state"], roster["finished"]) == ("applied", True)
    assert roster["progress"] == {"done": 2, "of": 2}
    assert (roster["counts"]["missing"], roster["counts"]["unclear"]) == (2, 1)
    [problem] = roster["problems"]
    assert (problem["line"], problem["field"], problem["code"]) == (2, "active_since", "missing")
    linked = Association.objects.filter(dissociated_at=None).values_list("patient__external_id", flat=True)
    assert sorted(linked) == ["p-1", "p-3"]
    assert api.get(answer.headers["Location"]).json()["progress"]["result"]["state"] == "applied"


def test_when_all_places_are_taken_a_roster_is_to_come_again(api: DescribedClient, caller: Caller) -> None:
    with ExitStack() as taken:
        for _ in range(MOST_AT_ONCE):
            taken.enter_context(place_to_upload())
        answer = put(api, caller, ndjson("p-1"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.json()["type"] == "urn:clinical-engine:problem:try-again"
    assert nothing_is_left()
    assert put(api, caller, ndjson("p-1")).status_code == 202


def test_a_dry_run_compares_and_changes_nothing(api: DescribedClient, caller: Caller, work: Work) -> None:
    answer = put(api, caller, ndjson("p-1"), dry_run="true")
    work()
    roster = api.get(answer.json()["url"]).json()
    assert (roster["state"], roster["dry_run"], roster["counts"]["missing"]) == ("compared", True, 1)
    assert not Association.objects.exists()


def test_the_guard_holds_an_empty_roster_for_a_person(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    put(api, caller, ndjson("p-1"))
    work()
    answer = put(api, caller, csv(), content_type="text/csv")
    work()
    seen = api.get(answer.json()["url"])
    assert (seen.json()["state"], seen.json()["finished"]) == ("held", False)
    assert seen.json()["held_because"]
    assert seen.headers["Retry-After"] == "60"
    assert Association.objects.get().dissociated_at is None


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "identity"])
def test_csv_and_gzip_are_read(api: DescribedClient, caller: Caller, encoding: str) -> None:
    body = csv(f"p-1,{SINCE}", f"p-2,{SINCE}")
    packed = body if encoding == "identity" else gzip.compress(body[:40]) + gzip.compress(body[40:])
    answer = put(
        api, caller, packed, content_type='text/csv; charset="UTF-8"; header=present', encoding=encoding
    )
    assert (answer.status_code, answer.json()["lines"]) == (202, 2)


@pytest.mark.parametrize(
    "options",
    [
        {"content_type": "application/json"},
        {"content_type": "text/csv; charset=iso-8859-1"},
        {"content_type": "multipart/form-data; boundary=x"},
        {"content_type": ""},
        {"encoding": "br"},
        {"encoding": "gzip, gzip"},
    ],
)
def test_what_cannot_be_read_at_all_is_refused_by_its_type(
    api: DescribedClient, caller: Caller, options: dict[str, str]
) -> None:
    answer = put(api, caller, ndjson("p-1"), **options)
    assert answer.status_code == 415
    assert "x-ndjson" in answer.json()["detail"]
    assert nothing_is_left()


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"as_of": ""}, ("as_of", "invalid")),
        ({"as_of": "yesterday"}, ("as_of", "invalid")),
        ({"as_of": "2026-03-10T12:00:00"}, ("as_of", "time_zone_missing")),
        ({"as_of": "2199-03-10T12:00:00Z"}, ("as_of", "in_the_future")),
        ({"as_of": "1899-03-10T12:00:00Z"}, ("as_of", "too_early")),
        ({"dry_run": "perhaps"}, ("dry_run", "invalid")),
        ({"dryrun": "true"}, ("dryrun", "unknown_parameter")),
        ({"dry_run": ["true", "false"]}, ("dry_run", "twice")),
    ],
)
def test_parameters_are_checked_before_anything_is_stored(
    api: DescribedClient, caller: Caller, parameters: dict[str, Any], expected: tuple[str, str]
) -> None:
    answer = put(api, caller, ndjson("p-1"), **parameters)
    assert (answer.status_code, codes(answer)) == (422, [expected])
    assert answer.json()["detail"] == "The request was refused; nothing was stored."
    assert nothing_is_left()


def test_a_roster_without_its_time_is_refused(api: DescribedClient, caller: Caller) -> None:
    path = f"/api/v1/submitters/{caller.submitter.id}/roster"
    answer = api.put(path, ndjson("p-1"), content_type="application/x-ndjson")
    assert (answer.status_code, codes(answer)) == (422, [("as_of", "missing")])


@pytest.mark.parametrize(
    ("body", "options", "code"),
    [
        (
            gzip.compress(ndjson(*(f"p-{n}" for n in range(5000))))[:-20],
            {"encoding": "gzip"},
            "truncated_gzip",
        ),
        (b"no gzip", {"encoding": "gzip"}, "broken_gzip"),
        (ndjson("p-1", "x" * 5000), {}, "line_too_long"),
        (b"p-1,2026-03-01T00:00:00Z\n", {"content_type": "text/csv"}, "no_header"),
    ],
)
def test_a_body_that_is_no_roster_leaves_nothing_behind(
    api: DescribedClient, caller: Caller, body: bytes, options: dict[str, str], code: str
) -> None:
    answer = put(api, caller, body, **options)
    assert (answer.status_code, codes(answer)) == (422, [("body", code)])
    assert nothing_is_left()


def test_a_submitter_of_another_organisation_is_as_unknown_as_one_there_is_not(
    api: DescribedClient, caller: Caller, other_caller: Caller
) -> None:
    of_another = put(api, other_caller, ndjson("p-1"))
    of_nobody = put_roster(api, caller.organisation.id, ndjson("p-1"))
    assert of_another.status_code == of_nobody.status_code == 404
    assert of_another.json() == of_nobody.json()
    assert nothing_is_left()


def test_a_roster_of_another_organisation_is_not_shown(
    api: DescribedClient, other_api: DescribedClient, caller: Caller
) -> None:
    url = put(api, caller, ndjson("p-1")).json()["url"]
    assert api.get(url).status_code == 200
    assert other_api.get(url).status_code == 404


def test_a_key_without_the_scope_neither_sends_nor_sees_rosters(api: DescribedClient, caller: Caller) -> None:
    url = put(api, caller, ndjson("p-1")).json()["url"]
    unable = factories.caller(scopes=("activations:write",))
    assert put(client_of(unable), unable, ndjson("p-1")).status_code == 403
    assert client_of(unable).get(url).status_code == 403


def test_a_roster_older_than_the_last_applied_one_is_refused(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    put(api, caller, ndjson("p-1"))
    work()
    answer = put(api, caller, ndjson("p-1"), as_of="2026-03-10T11:59:59Z")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:clinical-engine:problem:older-roster")


def test_a_second_roster_waits_for_the_first(api: DescribedClient, caller: Caller, work: Work) -> None:
    put(api, caller, ndjson("p-1"))
    answer = put(api, caller, ndjson("p-1", "p-2"))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:clinical-engine:problem:roster-under-way"
    assert RosterLine.objects.count() == 1
    work()
    assert put(api, caller, ndjson("p-1", "p-2")).status_code == 202


def test_a_patient_listed_twice_with_different_times_is_told_and_left_alone(
    api: DescribedClient, caller: Caller, work: Work
) -> None:
    twice = ndjson("p-1", ("p-2", "2026-02-01T00:00:00Z"), ("p-2", "2026-02-02T00:00:00Z"))
    url = put(api, caller, twice).json()["url"]
    work()
    roster = api.get(url).json()
    assert (roster["counts"]["contradictory"], roster["counts"]["missing"]) == (1, 1)
    assert [(p["line"], p["code"]) for p in roster["problems"]] == [(3, "contradictory")]
    assert Association.objects.get().patient.external_id == "p-1"


@pytest.mark.parametrize("packed", [False, True])
def test_a_profiled_upload_is_read_all_the_same_and_nothing_of_it_is_kept_or_logged(
    api: DescribedClient,
    caller: Caller,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    *,
    packed: bool,
) -> None:
    settings.PROFILED_SHARE = 1
    body = ndjson(*(f"p-{n}" for n in range(2000)))
    options = {"encoding": "gzip"} if packed else {}
    answer = put(api, caller, gzip.compress(body) if packed else body, **options)
    assert (answer.status_code, answer.json()["lines"]) == (202, 2000)
    [kept] = silk.models.Request.objects.all()
    assert (kept.raw_body, kept.body) == ("", "")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
