"""Reruns for the tests of their pages."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from clinical_engine.jobs.models import Attempt, Job, Rerun, RerunItem
from clinical_engine.jobs.reruns import services
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.selection import Selection
from tests.jobs.reruns.support import kill


def dead_activations(number: int) -> list[Any]:
    """Jobs of a kind that real workers know, which failed."""
    jobs = [ledger.NewJob({"statement_id": str(new_id())}, patient_id=new_id()) for _ in range(number)]
    ledger.enqueue("associate", jobs)
    kill([job.id for job in jobs])
    return [job.id for job in jobs]


def begin(actor: User | None = None, **limits: int) -> Rerun:
    return services.start(
        actor=actor or User.objects.create_user("sam"),
        selection=Selection.parse({"kind": "associate"}),
        reason="ticket 12",
        limits=Limits(**limits),
    )


def end(rerun: Rerun, *, failed: bool = False) -> None:
    """Have the jobs end that were set going."""
    going = list(RerunItem.objects.filter(rerun=rerun, outcome="running").values_list("job_id", flat=True))
    state = "dead" if failed else "succeeded"
    Job.objects.filter(pk__in=going).update(
        state=state,
        finished_at=timezone.now(),
        attempts_made=1,
        fingerprint="feedbeeffeedbeef" if failed else "",
    )
    Attempt.objects.bulk_create(
        Attempt(
            job_id=job_id,
            number=1,
            release="r1",
            worker="w1",
            started_at=timezone.now(),
            outcome="failed" if failed else "succeeded",
            trigger="user",
            error_class="IntegrityError" if failed else "",
            sqlstate="23505" if failed else "",
            fingerprint="feedbeeffeedbeef" if failed else "",
        )
        for job_id in going
    )


def page_of(rerun: Rerun, name: str = "change") -> str:
    return reverse(f"admin:jobs_rerun_{name}", args=[rerun.pk])


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]
