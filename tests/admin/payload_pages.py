"""The pages on which a person sees and mends a payload, as tests ask for them."""

import html
from typing import Any
from uuid import UUID

from django.test import Client
from django.urls import reverse

from clinical_engine.jobs.models import Job


def editor_of(job_id: UUID) -> str:
    return reverse("admin:jobs_job_edit_payload", args=[job_id])


def page_of(job_id: UUID) -> str:
    return reverse("admin:jobs_job_change", args=[job_id])


def shown(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


def save(client: Client, job_id: UUID, text: str = '{"numbers": [7]}', **fields: str) -> Any:
    return client.post(editor_of(job_id), {"text": text, "seen": "0", "reason": "ticket 12", **fields})


def job_of(job_id: UUID) -> Job:
    return Job.objects.get(pk=job_id)
