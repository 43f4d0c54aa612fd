"""What staff are told on a page of an error stands in the log, too."""

import re

import pytest
from django.db import connection

from clinical_engine.common.database import execute
from tests.admin.conftest import logged_in
from tests.patients.concurrency import Threads, uncommitted


def lock_patients() -> None:
    execute("LOCK TABLE patients_patient IN ACCESS EXCLUSIVE MODE")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("statement_timeout", "was over its time limit."),
        ("lock_timeout", "waited too long for a lock that something else holds."),
    ],
)
def test_the_statement_that_a_page_names_is_named_in_the_log(
    committed_db: None, setting: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    browser = logged_in("superuser")
    browser.raise_request_exception = False
    with Threads(1) as threads, uncommitted(threads, lock_patients):
        execute(f"SET {setting} = '1s'")
        answer = browser.get("/admin/patients/patient/")
        connection.close()
    assert answer.status_code == 503
    [name] = re.findall(r"statement ([0-9a-f]{16})\b", answer.content.decode())
    [told] = [each.getMessage() for each in caplog.records if each.name == "clinical_engine.api.problems"]
    assert told.startswith(f"Statement {name} {said} (")
