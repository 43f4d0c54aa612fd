"""What the engine itself sends can be explained, whatever it is written with."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from clinical_engine.api.idempotency.pruning import prune
from clinical_engine.jobs import sweeper
from clinical_engine.profiling.explaining import CannotExplainError, explain
from tests.api.bodies import post, reading, readings, statement
from tests.api.idempotency import with_key
from tests.factories import Caller
from tests.profiling.capture.support import Noted, capturing
from tests.scaling.endpoints import ENDPOINTS, FHIR
from tests.scaling.sizes import REQUEST, SIZES
from tests.scaling.work import KINDS, periodic
from tests.scaling.world import undone

# Savepoints and settings have no plan.
PLANNED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "(")


@pytest.mark.django_db
@pytest.mark.usefixtures("scripts")
def test_every_statement_of_the_main_flow_has_a_plan(
    api: Client, admin_client: Client, caller: Caller, work: Callable[[], int]
) -> None:
    with capturing() as noted:
        sent = [post(api, "measurements", readings(caller, *(reading(f"m-{number}") for number in range(3))))]
        work()
        sent.append(post(api, "activations", statement(caller)))
        work()
        sweeper.sweep()
        for page in ("admin:index", "admin:jobs_job_changelist", "admin:patients_patient_changelist"):
            assert admin_client.get(reverse(page)).status_code == 200
    assert [answer.status_code for answer in sent] == [202, 202]
    shapes = shapes_in(noted)
    assert len(shapes) > 60
    refused = {shape: said for shape in shapes if (said := why_not(shape))}
    assert refused == {}


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("committed_db")
def test_every_statement_of_every_endpoint_job_and_periodic_task_has_a_plan() -> None:
    shapes: set[str] = set()
    with undone() as world:
        world.grow(SIZES[0])
        for action in {**ENDPOINTS, **FHIR, **KINDS, **periodic()}.values():
            with transaction.atomic(), capturing() as noted:
                action.prepare(world, REQUEST)()
                transaction.set_rollback(True)
            shapes |= shapes_in(noted)
        for unfit in ({"code": ""}, {"value": "100x"}):
            with capturing() as noted:
                post(world.api, "measurements", readings(world.caller, {**reading("m-1"), **unfit}))
                with_key(world.api, "measurements", readings(world.caller, reading("m-2")))
                prune()
            shapes |= shapes_in(noted)
        refused = {shape: said for shape in shapes if (said := why_not(shape))}
    assert len(shapes) > 150
    assert any("observations_refusalcount" in shape and "ON CONFLICT" in shape for shape in shapes)
    assert any("api_storedanswer" in shape and "now() -" in shape for shape in shapes)
    assert refused == {}


def shapes_in(noted: Noted) -> set[str]:
    """As they are captured, before values are bound: the driver would write the types of some of them."""
    ours = (each for each in noted.counted if not each.place.startswith("tests/"))
    return {each.shape for each in ours if each.shape.startswith(PLANNED)}


def why_not(shape: str) -> str:
    try:
        assert "cost=" in explain(shape, timeout=timedelta(seconds=5))
    except CannotExplainError as error:
        return str(error)
    return ""
