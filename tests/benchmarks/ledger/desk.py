"""The repair desk's pages with a million failed jobs."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from statistics import median

from django.test import Client
from django.urls import reverse
from tqdm import tqdm

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs import groups
from clinical_engine.jobs.selection import STATES
from clinical_engine.staff.cells import list_url
from tests.benchmarks.ledger import histories
from tests.benchmarks.ledger.browsing import browsing, milliseconds, queries
from tests.benchmarks.results import Metric, measured

_LOOKS = 5
_LIST = "admin:jobs_job_changelist"
Pages = Mapping[str, str]


def run() -> list[Metric]:
    """Repair desk: milliseconds of the slowest page (each the median of five looks of clinical support, in process) and the most
    queries of one, session and account included, with 1,000,000 dead jobs: failed work by cause, the list of jobs with each
    filter (a common value and a rare one), and the page of a job.
    """
    histories.build()
    with browsing(histories.DEAD) as client:
        groups.count_anew()
        pages = {"failed work by cause": _desk(), "list of jobs": _lists(), "page of a job": _jobs()}
        return [metric for name, group in pages.items() for metric in _measured(client, name, group)]


def _measured(client: Client, name: str, pages: Pages) -> list[Metric]:
    asked = {page: queries(client, url) for page, url in pages.items()}
    took = {
        page: median(milliseconds(client, url) for _ in range(_LOOKS))
        for page, url in tqdm(pages.items(), desc=name, mininterval=1)
    }
    slowest = sorted(took, key=lambda page: -took[page])[:3]
    shown = ", ".join(f"{page} {took[page]:.0f} ms" for page in slowest)
    print(f"{name}, slowest of {len(pages)}: {shown}")
    return [
        measured(f"repair desk, {name}", max(took.values())),
        measured(f"repair desk, {name}, queries", max(asked.values())),
    ]


def _desk() -> Pages:
    desk = reverse("admin:jobs_job_desk")
    return {"most jobs first": desk, "last failed first": f"{desk}?order=last"}


def _jobs() -> Pages:
    rows = fetch_all(
        "(SELECT id FROM jobs_job WHERE state = 'dead' ORDER BY id DESC LIMIT 1)"
        " UNION ALL (SELECT id FROM jobs_job WHERE state = 'dead' ORDER BY id LIMIT 1)"
    )
    return {
        name: reverse("admin:jobs_job_change", args=[key])
        for name, (key,) in zip(("youngest", "oldest"), rows, strict=True)
    }


def _lists() -> Pages:
    filters: list[Mapping[str, str]] = [
        {},
        {"p": "2"},
        {"p": "200"},
        *({"state": state} for state in STATES),
        *({name: value} for name, values in _values().items() for value in values),
        *({"failed_within": span} for span in ("hour", "day", "week")),
        *_times(),
        {"queue": "default"},
        {"queue": "reruns"},
        {"q": "patient-1"},
        {"q": histories.RERUN_CAUSE},
        {"kind": "recompute", "release": "r3", "failed_within": "week"},
    ]
    return {
        ", ".join(f"{name}={value}" for name, value in each.items()) or "none": list_url(_LIST, **each)
        for each in filters
    }


def _times() -> list[Mapping[str, str]]:
    """A day and an hour, in the middle of the week of failures and at its far end."""
    now = datetime.now(UTC)
    spans = [
        (now - timedelta(days=days), length)
        for days in (3, 6.5)
        for length in (timedelta(days=1), timedelta(hours=1))
    ]
    return [
        {"failed_after": start.isoformat(), "failed_before": (start + length).isoformat()}
        for start, length in spans
    ]


def _values() -> Mapping[str, list[str]]:
    """For each filter by value the commonest and the rarest value that failed jobs have."""
    columns = {
        "kind": "kind",
        "fingerprint": "fingerprint",
        "release": "claimed_release",
        "payload_version": "payload_version",
        "organisation": "organisation_id",
        "submitter": "submitter_id",
        "last_actor": "last_actor_id",
    }
    found: dict[str, list[str]] = {}
    for name, column in columns.items():
        rows = fetch_all(
            f"SELECT {column}::text FROM jobs_job WHERE state = 'dead' AND {column} IS NOT NULL"
            f" GROUP BY {column} ORDER BY count(*) DESC"
        )
        found[name] = [rows[0][0], rows[-1][0]] if len(rows) > 1 else [rows[0][0]]
    return found
