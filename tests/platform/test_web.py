"""What only a real web server shows: bodies as they come over the wire."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from clinical_engine.api.parsers import BULK_BODY, SMALL_BODY
from patients.models import Statement
from tests import factories
from tests.workers import running_web


@pytest.mark.usefixtures("committed_db")
def test_a_body_is_read_up_to_its_limit_and_refused_when_nobody_says_how_long_it_is(tmp_path: Path) -> None:
    caller = factories.caller()
    statement = {
        "client_id": "a-1",
        "submitter": str(caller.submitter.id),
        "external_id": "p-1",
        "effective_at": "2026-03-01T00:00:00Z",
    }
    body = json.dumps(statement).encode()

    def chunks() -> Iterator[bytes]:
        yield body[:10]
        yield body[10:]

    with running_web(tmp_path / "web.log") as address:

        def status(path: str, content: bytes | Iterator[bytes]) -> int:
            headers = {"Authorization": f"Bearer {caller.key}", "Content-Type": "application/json"}
            response = requests.post(f"{address}/api/v1/{path}", data=content, headers=headers, timeout=60)
            assert (
                response.status_code == 202 or response.headers["Content-Type"] == "application/problem+json"
            )
            return response.status_code

        assert status("activations", chunks()) == 411
        assert not Statement.objects.exists()
        assert status("activations", body) == 202
        assert status("activations", b" " * (SMALL_BODY + 1)) == 413
        assert status("measurements", b" " * (BULK_BODY + 1)) == 413
