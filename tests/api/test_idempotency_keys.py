"""What an `Idempotency-Key` may be."""

import pytest
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from clinical_engine.api.idempotency.errors import InvalidKeyError
from clinical_engine.api.idempotency.keys import key_of
from clinical_engine.common.database import fetch_all
from patients.models import Statement
from tests.api.bodies import statement
from tests.api.contract import DescribedClient
from tests.api.idempotency import kind_of_problem, with_key
from tests.factories import Caller

MARK = "Zaphrasia-4711"


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("a", "a"),
        ('"a"', "a"),
        ("a" * 255, "a" * 255),
        (r'"say \"hi\" \\ once"'.replace(" ", "_"), r'say_"hi"_\_once'),
        ("semi;colon=1", "semi;colon=1"),
        (" padded\t", "padded"),
    ],
)
def test_a_key_is_read_bare_or_quoted(sent: str, key: str) -> None:
    request = Request(APIRequestFactory().post("/", headers={"Idempotency-Key": sent}))
    assert key_of(request) == key


@pytest.mark.parametrize(
    "sent",
    [
        "",
        " ",
        '""',
        "a" * 256,
        f'"{"a" * 256}"',
        "two words",
        '"two words"',
        '"a',
        'a"b"c"'[1:],
        r'"a\b"',
        '"a";b=1',
        "é",
        "\x7f",
    ],
)
def test_what_is_no_key_is_refused(sent: str) -> None:
    request = Request(APIRequestFactory().post("/", headers={"Idempotency-Key": sent}))
    with pytest.raises(InvalidKeyError):
        key_of(request)


def test_a_request_with_a_header_that_holds_no_key_stores_nothing(
    api: DescribedClient, caller: Caller
) -> None:
    answer = with_key(api, "activations", statement(caller), "two words")
    assert kind_of_problem(answer) == (400, "idempotency-key-invalid")
    assert "two words" not in answer.content.decode()
    assert not Statement.objects.exists()


def test_a_stranger_is_not_told_whether_a_key_was_used(api: DescribedClient, caller: Caller) -> None:
    with_key(api, "activations", statement(caller))
    stranger = DescribedClient(headers={"Authorization": "Bearer made-up"})
    assert with_key(stranger, "activations", statement(caller)).status_code == 401


def test_the_key_is_kept_nowhere(
    api: DescribedClient, caller: Caller, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PROFILED_SHARE = 1
    for key in (MARK, MARK, f"{MARK} in two words"):
        with_key(api, "activations", statement(caller), key)
    with_key(api, "activations", statement(caller, "s-2"), MARK)
    kept = "".join(
        row
        for table in ("api_storedanswer", "silk_request", "silk_response", "silk_sqlquery")
        for (row,) in fetch_all(f"SELECT row_to_json(kept)::text FROM {table} kept")
    )
    assert "api_storedanswer" in kept
    assert "/api/v1/activations" in caplog.text
    # The first as bytes are written in JSON by PostgreSQL.
    for written in (MARK.encode().hex(), MARK):
        assert written not in kept
        assert written not in caplog.text
