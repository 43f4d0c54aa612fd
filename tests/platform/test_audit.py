"""The audit trail: written with its action or not at all."""

from uuid import UUID

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from pytest_django import DjangoAssertNumQueries

from clinical_engine.audit.models import AuditEntry
from clinical_engine.audit.services import Target, record

pytestmark = pytest.mark.usefixtures("committed_db")
TARGET = Target("job", UUID(int=7), UUID(int=8), {"rate": 5})


def test_an_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError):
        record(actor=None, action="job.discard", targets=[TARGET])
    assert not AuditEntry.objects.exists()


def test_an_entry_goes_with_its_action() -> None:
    with transaction.atomic():
        record(actor=None, action="job.discard", targets=[TARGET])
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


def test_an_entry_says_what_was_done_to_what_of_whom_and_why() -> None:
    with transaction.atomic():
        record(actor=None, action="job.discard", targets=[TARGET], reason="Sent twice")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.reason) == (None, "job.discard", "Sent twice")
    assert (entry.target_type, entry.target_id) == ("job", str(UUID(int=7)))
    assert (entry.organisation_id, entry.details) == (UUID(int=8), {"rate": 5})


def test_a_thousand_entries_are_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with transaction.atomic(), django_assert_num_queries(1):
        record(actor=None, action="job.discard", targets=[TARGET] * 1000)
    assert AuditEntry.objects.count() == 1000
