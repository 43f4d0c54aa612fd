"""A marked patient sent through everything that takes something: the mark turns up in nothing that is kept for engineers."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse
from silk.models import Request, SQLQuery

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.jobs import worker
from clinical_engine.jobs.registry import ClaimedJob, kinds
from clinical_engine.profiling.capture import writing
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.models import CapturedStatement, ProfiledStatement
from clinical_engine.profiling.silk import room as rooms
from observations.backfill.services import start_backfill
from observations.models import ScriptVersion
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients.models import Patient
from submitters.models import Organisation
from tests import factories
from tests.api.contract import operations
from tests.jobs.conftest import new_kind
from tests.jobs.support import RegisterKind, enqueue
from tests.platform import urls as failing_urls
from tests.profiling.silk.canary.kept import kept
from tests.profiling.silk.canary.marked import (
    MARK,
    NUMBER,
    fhir_requests_with_the_mark,
    import_with_the_mark,
    requests_with_the_mark,
)
from tests.scaling.endpoints import fhir_operations

__all__ = ["new_kind"]
# As the value was sent, as an array or JSON may write it, and its beginning.
SECRETS = (MARK, MARK.upper(), NUMBER, NUMBER[:8], failing_urls.MARK)

pytestmark = pytest.mark.usefixtures("committed_db", "profiled")


@pytest.fixture
def caller(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> factories.Caller:
    # Everything is to be recorded, however much it is.
    monkeypatch.setattr(rooms, "_STRETCH_BYTES", 1e12)
    install_library(scripts=[GLUCOSE_7D])
    return factories.caller()


def sent(client: Client, prefix: str, requests: Iterator[tuple[str, str, Any]]) -> None:
    for method, path, body in requests:
        content = body if isinstance(body, str) else json.dumps(body)
        kind = "application/x-ndjson" if method == "PUT" else "application/json"
        answer = client.generic(method, f"{prefix}{path}", content if body else "", content_type=kind)
        assert answer.status_code < 500, (path, answer.content)


def use_the_api(caller: factories.Caller) -> None:
    key = {"Authorization": f"Bearer {caller.key}"}
    api = Client(headers=key)
    sent(api, "/api/v1/", requests_with_the_mark(caller))
    sent(api, "/fhir", fhir_requests_with_the_mark(caller))
    api.get("/api/v1/patients/lookup", headers={"Authorization": f"Bearer {MARK}", "X-Patient": MARK})
    with override_settings(ROOT_URLCONF="tests.platform.urls"):
        failing = Client(headers=key, raise_request_exception=False).get("/api/v1/failing")
    assert failing.status_code == 500


def write_it_where_no_value_belongs(caller: factories.Caller) -> None:
    """The mark as a method, a host, an origin, and a header's name."""
    key = {"Authorization": f"Bearer {caller.key}"}
    careful = Client(enforce_csrf_checks=True)
    for path in ("/api/v1/activations", "/fhir/", "/health/live", "/admin/login/", "/nowhere"):
        for method in (MARK, MARK[:9].upper()):
            assert Client(headers=key).generic(method, path).status_code in {404, 405}
            assert careful.generic(method, path).status_code in {401, 403, 404, 405}
        assert Client().get(path, headers={"Host": f"{MARK}.example"}).status_code in {400, 401}
        careful.post(path, headers={"Origin": f"https://{MARK}.example", f"X-{MARK}": MARK})
        careful.post(path, secure=True, headers={"Referer": f"https://{MARK}.example"})
    careful.get(f"/nowhere/ü/{MARK}")


def use_the_admin() -> None:
    """Logs in with the mark as name and password, then with an account, and searches for it in every list."""
    client = Client()
    client.post(reverse("admin:login"), {"username": MARK, "password": MARK})
    client.force_login(User.objects.create_superuser("root", password="x"))
    for model in admin.site._registry:
        try:
            path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        except NoReverseMatch:
            continue
        assert client.get(path).status_code == 200
        assert client.get(path, {"q": MARK}).status_code in {200, 302}
        row = model._default_manager.first()
        if row is not None:
            change = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            assert client.get(change).status_code in {200, 302, 403}
    client.get(f"/admin/patients/{MARK}/")
    export_the_mark(client)


def export_the_mark(client: Client) -> None:
    """Sends for a file with the marks in it, by a search for them and by all that there is, and reads it."""
    for asked in ({"q": MARK}, {"reason": MARK}):
        answer: Any = client.post(reverse("admin:observations_measurement_export"), {"reason": MARK, **asked})
        content = b"".join(answer.streaming_content)
    assert MARK.encode() in content


def fail_with_the_mark(new_kind: RegisterKind) -> None:
    """Jobs that fail with the mark in a statement of theirs, in its values and in the server's answer."""

    def clash(batch: Sequence[ClaimedJob]) -> None:
        for _ in range(2):
            Organisation.objects.create(name=MARK)

    def take_too_long(batch: Sequence[ClaimedJob]) -> None:
        execute("SET LOCAL statement_timeout = 50")
        # As nobody should write it: with the values in the text.
        execute(f"SELECT pg_sleep(1), '{MARK}', $x${MARK}$x$, {NUMBER} -- {MARK}")

    def misread(batch: Sequence[ClaimedJob]) -> None:
        execute("SELECT %s::int", [f"{MARK} {NUMBER}"])

    for handler in (clash, take_too_long, misread):
        kind = new_kind(handler)
        enqueue(kind, 1)
        worker.work(kind.name, kind.queue)


def test_no_name_number_or_id_of_a_patient_reaches_silk_the_capture_or_a_log(
    caller: factories.Caller, log: io.StringIO, work: Callable[[], int], new_kind: RegisterKind
) -> None:
    steps: list[Callable[[], object]] = [
        lambda: use_the_api(caller),
        lambda: import_with_the_mark(caller),
        lambda: write_it_where_no_value_belongs(caller),
        work,
        lambda: use_the_api(caller),
        backfill_everything,
        work,
        use_the_admin,
        lambda: fail_with_the_mark(new_kind),
    ]
    for step in steps:
        step()
        # A batch holds so many new statements only; the others of it are counted together.
        writing.flush()
    batches = kept("profiling_capturedbatch")
    roll_up()
    assert Patient.objects.filter(external_id=MARK).exists()
    assert_all_was_recorded()
    assert_telling(batches)
    assert_telling(kept("silk\\_%"))
    found = batches + kept()
    for secret in (*SECRETS, caller.key, str(caller.submitter.id)):
        assert secret.encode() not in found
        assert secret not in log.getvalue()
        assert secret not in log_of_postgresql()
    for telling in ("django.request", "django.security.DisallowedHost", "Method Not Allowed (OTHER)"):
        assert telling in log.getvalue()
    assert "Forbidden (Origin checking failed): " in log.getvalue()
    assert CapturedStatement.objects.filter(callers__origin__startswith="OTHER /").exists()
    assert Request.objects.filter(method="OTHER", path="/api/v1/activations").exists()
    assert "sqlstate=23505" in log.getvalue()


def assert_telling(found: bytes) -> None:
    """There is something in which a mark could stand."""
    for telling in (b"/api/v1/activations", b"patients_patient", b"pg_sleep", b"COPY patients_rosterline"):
        assert telling in found


def backfill_everything() -> None:
    script = ScriptVersion.objects.latest("pk").script
    with transaction.atomic():
        start_backfill(
            actor=None, script=script, organisation=None, since=factories.NOON, until=None, reason="A fix"
        )


def assert_all_was_recorded() -> None:
    """Every endpoint and every kind of job, so that nothing passes by not being there."""
    recorded = {f"{method} {path}" for method, path in Request.objects.values_list("method", "path")}
    routes = {each.replace("<uuid:", "{").replace(">", "}") for each in recorded}
    assert {f"{method} {path}" for method, path, _ in operations()} <= routes
    assert {"POST /fhir/", "GET /fhir/Observation", "GET /fhir/Observation/{row_id}"} <= routes
    assert len(fhir_operations()) == 3, "A new one has to be sent the marks, too."
    work_done = {each.removeprefix("JOB job/") for each in recorded if each.startswith("JOB")}
    assert {kind.name for kind in kinds()} - {"rerun", "drift", "correct"} <= work_done
    assert CapturedStatement.objects.count() > 100
    assert ProfiledStatement.objects.count() > 100
    assert fetch_all("SELECT count(*) FROM silk_sqlquery WHERE query LIKE '-- Rolled back%%'")[0][0] == 3
    exports = SQLQuery.objects.filter(request__path__endswith="/measurement/export/")
    assert exports.filter(query__startswith="FETCH").exists(), "Also what is sent while a file is read."


def log_of_postgresql() -> str:
    return (Path(settings.VAR_DIR) / "log" / "postgres.log").read_text(encoding="utf-8", errors="replace")
