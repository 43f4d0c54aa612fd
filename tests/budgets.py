"""Query budgets: how many queries a view or a job takes, kept in query_budgets.json so that a reviewer reads the change."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

FILE = Path(__file__).with_name("query_budgets.json")
UPDATE = "UPDATE_BUDGETS"


def read_budgets() -> dict[str, int]:
    budgets: dict[str, int] = json.loads(FILE.read_text())
    return budgets


def queries_of(action: Callable[[], object]) -> int:
    """How many queries an action takes, BEGIN and COMMIT among them."""
    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


def assert_within_budget(name: str, queries: int) -> None:
    """Fail unless `name` takes as many queries as its budget says; with UPDATE_BUDGETS set, write the number down instead."""
    budgets = read_budgets()
    if os.environ.get(UPDATE):
        FILE.write_text(json.dumps(budgets | {name: queries}, indent=2, sort_keys=True) + "\n")
        return
    assert queries == budgets.get(name), (
        f"{name} takes {queries} queries, and its budget is {budgets.get(name)}: fewer queries, or run the tests with {UPDATE}=1"
    )
