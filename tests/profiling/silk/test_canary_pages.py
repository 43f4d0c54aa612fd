"""Whatever the engine does is done once more, recorded and captured, in a world of many patients: none is named in what is kept."""

import io
import re
from collections.abc import Iterator

import pytest
from django.contrib.admin import site
from django.db import transaction
from django.urls import reverse
from silk.models import Request

from clinical_engine.profiling.capture import writing
from clinical_engine.profiling.silk import room as rooms
from tests.profiling.silk.canary.kept import kept
from tests.scaling.actions import Action
from tests.scaling.endpoints import ENDPOINTS, FHIR
from tests.scaling.pages import pages
from tests.scaling.sizes import REQUEST, SIZES
from tests.scaling.work import KINDS, periodic
from tests.scaling.world import World, undone

# Whom the world and its requests are about.
PATIENT = re.compile(rb"\b[pq]-\d{3,}")

pytestmark = [
    # All pages, endpoints and jobs are in it.
    pytest.mark.timeout(400),
    pytest.mark.usefixtures("committed_db", "profiled"),
]


def actions(world: World) -> dict[str, Action]:
    shown = {name: action for name, action in pages(world).items() if "?" not in name}
    return {**ENDPOINTS, **FHIR, **KINDS, **shown, **periodic()}


def searches() -> Iterator[str]:
    """Addresses of every list that name a patient where a search, a filter's value or its name stands."""
    for model in site._registry:
        address = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
        for query in ("q=p-000001", "q=p-000001&p-000001=p-000001", "p-000001"):
            yield f"{address}?{query}"
    yield f"{reverse('admin:search')}?s=p-000001"


def test_no_patient_is_named_by_any_page_endpoint_or_job(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "_STRETCH_BYTES", 1e12)
    told: dict[str, list[bytes]] = {}
    recorded = 0
    with undone() as world:
        world.grow(SIZES[0])
        for name, action in actions(world).items():
            with transaction.atomic():
                action.prepare(world, REQUEST)()
                recorded += Request.objects.exists()
                told[name] = PATIENT.findall(kept("silk\\_%") + kept("profiling\\_p%"))
                transaction.set_rollback(True)
            # A batch holds so many new statements only; the others of it are counted together.
            writing.flush()
        for address in searches():
            assert world.admin.get(address).status_code in {200, 302}
        writing.flush()
        told["searches"] = PATIENT.findall(kept())
        captured = kept("profiling\\_capturedbatch")
        told["captured"] = PATIENT.findall(captured)
    assert captured.count(b"patients_patient") > 100
    assert {name: marks[:3] for name, marks in told.items() if marks} == {}
    assert recorded > len(told) * 0.5
    assert not PATIENT.findall(log.getvalue().encode())
