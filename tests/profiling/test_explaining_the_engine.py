"""What the engine itself sends can be explained, whatever it is written with."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinical_engine.jobs import sweeper
from clinical_engine.profiling.explaining import explain
from clinical_engine.profiling.fingerprints import shape_of
from tests.api.bodies import post, reading, readings, statement
from tests.factories import Caller
from tests.scaling.recording import recorded

# Savepoints and settings have no plan.
PLANNED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "(")


@pytest.mark.django_db
@pytest.mark.usefixtures("scripts")
def test_every_statement_of_the_main_flow_has_a_plan(
    api: Client, admin_client: Client, caller: Caller, work: Callable[[], int]
) -> None:
    with recorded() as recording:
        sent = [post(api, "measurements", readings(caller, *(reading(f"m-{number}") for number in range(3))))]
        work()
        sent.append(post(api, "activations", statement(caller)))
        work()
        sweeper.sweep()
        for page in ("admin:index", "admin:jobs_job_changelist", "admin:patients_patient_changelist"):
            assert admin_client.get(reverse(page)).status_code == 200
    assert [answer.status_code for answer in sent] == [202, 202]
    shapes = {shape_of(each.text).text for each in recording.statements}
    planned = [shape for shape in shapes if shape.startswith(PLANNED)]
    assert len(planned) > 60
    for shape in planned:
        assert "cost=" in explain(shape, timeout=timedelta(seconds=5))
