"""How PostgreSQL would reach the rows of a statement: by which index, or by reading a whole table."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinical_engine.common.database import fetch_all
from tests.scaling.comparing import BEGINNING
from tests.scaling.recording import Sent

_EXPLAINED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
# Beside a million patients these stay small, and reading one whole costs no more than its index. Every other table is large.
SMALL = {
    "django_content_type",
    "django_session",
    "jobs_circuit",
    "jobs_failuregroup",
    "jobs_periodicrun",
    "jobs_rerun",
    "observations_backfill",
    "observations_backfillexample",
    "observations_cataloguestate",
    "observations_codeanswer",
    "observations_codepart",
    "observations_codeunit",
    "observations_code",
    "observations_observationscript",
    "observations_publication",
    "observations_scriptversion",
    "submitters_apiclient",
    "submitters_apiclient_organisations",
    "submitters_organisation",
    "submitters_submitter",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Of one statement: its beginning without values, the indexes it uses on large tables, and the large tables it reads whole."""

    beginning: str
    indexes: tuple[str, ...]
    read_whole: tuple[str, ...]


def plans_of(statements: Sequence[Sent]) -> list[Plan]:
    """The plan of each statement that has one, with its own values; asked in the transaction in which they were sent."""
    return [
        plan_of(sent.text, sent.read.shape) for sent in statements if sent.read.shape.startswith(_EXPLAINED)
    ]


def plan_of(statement: str, shape: str) -> Plan:
    """The plan of one statement, which is not run."""
    # What looks like a placeholder is text by now.
    [(explained,)] = fetch_all(f"EXPLAIN (FORMAT JSON) {statement}")
    [document] = explained if isinstance(explained, list) else json.loads(explained)
    nodes = list(_nodes(document["Plan"]))
    indexes = {name for node in nodes for name in _indexes(node)}
    whole = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"} - SMALL
    return Plan(shape[:BEGINNING], tuple(sorted(indexes)), tuple(sorted(whole)))


def _nodes(node: Mapping[str, Any], relation: str = "") -> Iterator[dict[str, Any]]:
    # A bitmap of an index does not name the table of the node above it.
    relation = node.get("Relation Name", relation)
    yield {**node, "Relation Name": relation}
    for child in node.get("Plans", []):
        yield from _nodes(child, relation)


def _indexes(node: Mapping[str, Any]) -> list[str]:
    if node["Relation Name"] in SMALL:
        return []
    return [
        *node.get("Conflict Arbiter Indexes", []),
        *([node["Index Name"]] if "Index Name" in node else []),
    ]


def by_statement(plans: Sequence[Plan]) -> dict[str, list[str]]:
    """The indexes of each statement on large tables, by how the statement begins."""
    found: dict[str, set[str]] = {}
    for plan in plans:
        if plan.indexes or plan.read_whole:
            found.setdefault(plan.beginning, set()).update(plan.indexes)
    return {beginning: sorted(indexes) for beginning, indexes in sorted(found.items())}


def complaints(name: str, plans: Sequence[Plan]) -> list[str]:
    """A sentence for each large table that a statement reads whole."""
    return [
        f"{name} reads {table} whole instead of by an index: {plan.beginning}"
        for plan in plans
        for table in plan.read_whole
    ]
