"""The slow-query pages with ten thousand captured statements and 90 days of each."""

from collections.abc import Mapping

from django.test import Client
from django.urls import reverse
from tqdm import tqdm

from clinical_engine.profiling.admin.statements import StatementAdmin
from clinical_engine.profiling.models import CapturedStatement
from tests.benchmarks.ledger.browsing import browsing, milliseconds, queries
from tests.benchmarks.results import Metric, measured, percentile
from tests.benchmarks.slow_queries.history import DATABASE, ROLE, build

_LOOKS = 20
_LIST, _PAGE = "admin:profiling_capturedstatement_changelist", "admin:profiling_capturedstatement_change"
Pages = Mapping[str, str]


def run() -> list[Metric]:
    """Pages: milliseconds of the slowest page (of each the p95 of twenty looks of an on-call engineer, in process, drawing
    included) and the most queries of one, session and account included, with 10,000 captured statements and 900,000 days of
    them: the list in each order, with each filter and searched, the page of a statement, the findings, and the overview.
    """
    build()
    with browsing(DATABASE, ROLE) as client:
        groups = {
            "list in each order": _ranks(),
            "list with each filter": _filters(),
            "list searched": _searches(),
            "page of a statement": _statements(),
            "findings": _findings(),
            "overview": {"overview": reverse("admin:index")},
        }
        return [metric for name, pages in groups.items() for metric in _measured(client, name, pages)]


def _measured(client: Client, name: str, pages: Pages) -> list[Metric]:
    asked = [queries(client, url) for url in pages.values()]
    took = {
        page: percentile([milliseconds(client, url) for _ in range(_LOOKS)], 0.95)
        for page, url in tqdm(pages.items(), desc=name, mininterval=1)
    }
    slowest = max(took, key=lambda page: took[page])
    print(f"slow queries, {name}, slowest of {len(pages)}: {slowest} {took[slowest]:.0f} ms")
    return [
        measured(f"slow queries, {name}, slowest page", took[slowest]),
        measured(f"slow queries, {name}, queries", max(asked)),
    ]


def _ranks() -> Pages:
    """By each column but the first, either way."""
    address = reverse(_LIST)
    orders = [f"{way}{place}" for place in range(1, len(StatementAdmin.list_display)) for way in ("", "-")]
    return {"as it is": address, "last page": f"{address}?p=200"} | {
        f"order {order}": f"{address}?o={order}" for order in orders
    }


def _filters() -> Pages:
    values = {
        "outlook__exact": ("grows", "steady", "too_little_data"),
        "finding": ("open", "overdue", "mine", "none"),
        "origin": ("request", "job", "task", "command"),
        "timeouts": ("yes", "lately", "failures"),
        "repeated": ("yes",),
    }
    address = reverse(_LIST)
    return {f"{name} {value}": f"{address}?{name}={value}" for name, all_ in values.items() for value in all_}


def _searches() -> Pages:
    terms = ("SELECT", "patients_patient", "job kind-7", "writing.py:7", "0af", "nothing like it")
    return {term: f"{reverse(_LIST)}?q={term}" for term in terms}


def _statements() -> Pages:
    chosen = [CapturedStatement.objects.filter(outlook=outlook)[0].pk for outlook in ("grows", "steady")]
    return {str(key): reverse(_PAGE, args=[key]) for key in chosen}


def _findings() -> Pages:
    address = reverse("admin:profiling_finding_changelist")
    return {state: f"{address}?state={state}" for state in ("open", "overdue", "closed", "all")}
