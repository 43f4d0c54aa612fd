"""Who looks at slow queries is told when the capture has little room left, and what takes it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.monitoring.probes import Reading, read_all
from clinical_engine.profiling.capture import storing
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.crowding import crowding
from clinical_engine.profiling.models import CapturedStatement
from tests.profiling import captured
from tests.profiling.written import batch, ran

pytestmark = pytest.mark.django_db
LIST = "admin:profiling_capturedstatement_changelist"


def flood(number: int) -> None:
    batch(
        [ran(text=f"SELECT {'x' * (each + 1)}", place=("/a/flood.py", 7)) for each in range(number)],
        origin="command flood",
    )
    batch([ran(text="SELECT usual")])
    roll_up()


def reading() -> Reading:
    return next(each for probe, each in read_all().items() if probe.name == "statements_crowding")


def test_a_capture_with_room_says_nothing() -> None:
    flood(250)
    assert crowding() is None
    assert reading() == Reading(0, ok=True)


def test_a_flood_that_leaves_little_room_is_told_with_its_place_wherever_somebody_looks(
    monkeypatch: pytest.MonkeyPatch, admin_client: Client
) -> None:
    monkeypatch.setattr(storing, "MOST_STATEMENTS", 260)
    flood(250)
    told = "251 statements are known, of 260 that may be, and 251 of them were new within the last hour"
    from_where = "most from /a/flood.py:7 (command flood)"
    assert (reading().value, reading().ok) == (251, False)
    for page in (LIST, "admin:index"):
        shown = admin_client.get(reverse(page)).content.decode()
        assert told in shown
        assert from_where in shown


def test_once_nothing_new_comes_a_full_capture_is_no_alarm(
    monkeypatch: pytest.MonkeyPatch, admin_client: Client
) -> None:
    monkeypatch.setattr(storing, "MOST_STATEMENTS", 200)
    flood(250)
    assert not reading().ok
    CapturedStatement.objects.update(first_seen_at=timezone.now() - timedelta(hours=2))
    assert reading().ok
    assert "statements are known" not in admin_client.get(reverse(LIST)).content.decode()


def test_what_stands_for_all_others_says_so_instead_of_waiting_for_an_estimate(admin_client: Client) -> None:
    others = captured.statement(fingerprint="0" * 16, shape="(other statements)")
    page = reverse("admin:profiling_capturedstatement_change", args=[others.pk])
    shown = admin_client.get(page).content.decode()
    assert "It stands for the many statements that found no room of their own" in shown
    assert "ten minutes" not in shown
