"""Accepting statements: each call one transaction, set-based, an answer for each."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients import services
from patients.models import Patient, Statement, StatementKind
from tests import factories
from tests.factories import BY_IMPORT, NOON


@pytest.mark.django_db
def test_statements_of_one_call_are_answered_in_order_each_with_its_own_outcome() -> None:
    submitter = factories.submitter()
    said = [
        factories.statement("p-2", client_id="z"),
        factories.statement("p-1", client_id="a"),
        factories.statement("p-2", client_id="z"),
        factories.statement("p-3", client_id="a"),
    ]
    answers = services.activate(submitter=submitter, statements=said, origin=BY_IMPORT)
    assert [answer.outcome for answer in answers] == ["accepted", "accepted", "duplicate", "conflict"]
    assert answers[2] == services.Accepted(
        services.Acceptance.DUPLICATE, answers[0].statement_id, answers[0].patient_id, answers[0].job_id
    )
    assert answers[3].statement_id == answers[1].statement_id
    assert Statement.objects.filter(kind=StatementKind.ACTIVATION).count() == 2


@pytest.mark.django_db
def test_accepting_many_statements_takes_as_many_queries_as_one() -> None:
    submitter = factories.submitter()

    def queries_for(number: int, prefix: str) -> int:
        said = [factories.statement(f"{prefix}-{n}", NOON, f"{prefix}-{n}") for n in range(number)]
        with CaptureQueriesContext(connection) as captured:
            services.activate(submitter=submitter, statements=said, origin=BY_IMPORT)
        return len(captured)

    assert queries_for(300, "many") == queries_for(1, "one")
    assert Patient.objects.count() == 301
