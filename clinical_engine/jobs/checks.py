"""System checks of the ledger: what would wait for ever fails at start."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error

from clinical_engine.jobs.models import LONGEST_RELEASE
from clinical_engine.jobs.registry import kinds
from clinical_engine.jobs.selection import WORD


def every_kind_has_a_queue_that_is_worked_off(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - Django's signature
    **kwargs: Any,  # noqa: ANN401, ARG001 - Django's signature
) -> list[CheckMessage]:
    """An error for every job kind whose queue is none of `JOB_QUEUES`: no worker would ever take it."""
    return [
        Error(f"The queue {kind.queue} of the job kind {kind.name} is not in JOB_QUEUES.", id="jobs.E001")
        for kind in kinds()
        if kind.queue not in settings.JOB_QUEUES
    ]


def the_release_fits_its_column(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - Django's signature
    **kwargs: Any,  # noqa: ANN401, ARG001 - Django's signature
) -> list[CheckMessage]:
    """An error for a `RELEASE` that the ledger cannot store, or that jobs could not be chosen by."""
    if WORD.fullmatch(settings.RELEASE):
        return []
    what = f"a word of letters, digits, '.', '_', '+' and '-', at most {LONGEST_RELEASE} long"
    return [Error(f"RELEASE must be {what}.", id="jobs.E003")]


def the_lease_outlives_the_time_limits(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - Django's signature
    **kwargs: Any,  # noqa: ANN401, ARG001 - Django's signature
) -> list[CheckMessage]:
    """An error unless soft limit < hard limit < lease < visibility time-out: else a job could run twice at once."""
    times = (
        settings.CELERY_TASK_SOFT_TIME_LIMIT,
        settings.CELERY_TASK_TIME_LIMIT,
        settings.JOB_LEASE.total_seconds(),
        settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"],
    )
    if all(shorter < longer for shorter, longer in pairwise(times)):
        return []
    return [
        Error(
            "Soft limit, hard limit, lease and visibility time-out must grow in this order.", id="jobs.E002"
        )
    ]
