"""The plans that are shown of a statement."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import reduce
from time import monotonic

import psycopg2
from psycopg2.errors import InvalidColumnReference

from clinical_engine.profiling.explaining.asking import Planner, planner
from clinical_engine.profiling.explaining.errors import refused_by
from clinical_engine.profiling.explaining.partial_indexes import with_values
from clinical_engine.profiling.explaining.preparing import words_of
from clinical_engine.profiling.fingerprints import names_in

_MOST_SPECIAL_PLANS = 10
_MOST_SHOWN = 6
_COST = re.compile(r"cost=[0-9.]+\.\.([0-9.]+)")


def explain(shape: str, *, timeout: timedelta) -> str:
    """The plan of a statement of this shape, as EXPLAIN prints it, one that fits any values: $1, $2 and so on stand for them.

    Where the values that a partial index is for make a difference, plans for those stand above it. Nothing is run: all is only
    planned, in read-only transactions of a connection of its own. A plan may take `timeout`, all together three times that.
    Constants are '?' in the plans too. Raises CannotExplainError.
    """
    words = words_of(shape)
    try:
        with planner(timeout) as asked:
            return _explained(asked, words, names_in(shape))
    except psycopg2.Error as error:
        raise refused_by(error) from None


def _explained(asked: Planner, words: Sequence[str], names: Sequence[str]) -> str:
    try:
        general = asked.plan(words)
    except InvalidColumnReference:
        # ON CONFLICT may name what only a partial index has.
        special = _special_plans(asked, words, names)
        if not special:
            raise
        return _each(special)
    special = _special_plans(asked, words, names)
    special = {index: plan for index, plan in special.items() if not _uses(general, index)}
    return f"{_each(special)}\n\nWith any values:\n{general}" if special else general


def _special_plans(asked: Planner, words: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """By partial index, a plan that uses it."""
    found: dict[str, str] = {}
    tried = [list(words)]
    by_index = asked.partial_indexes(names)
    until = monotonic() + asked.timeout.total_seconds()
    for conditions in by_index.values():
        special = reduce(with_values, conditions, list(words))
        if special in tried or len(tried) > _MOST_SPECIAL_PLANS or monotonic() > until:
            continue
        tried.append(special)
        try:
            plan = asked.plan(special)
        except psycopg2.Error:
            # Values of another table's column of this name, or no time: the general plan is there without.
            continue
        found |= {index: plan for index in by_index if index not in found and _uses(plan, index)}
    return found


def _uses(plan: str, index: str) -> bool:
    return re.search(rf"\b{re.escape(index)}\b", plan) is not None


def _each(special: Mapping[str, str]) -> str:
    """The plans that differ, the cheapest first, each with the indexes whose values it is for."""
    by_plan: dict[str, list[str]] = {}
    for index, plan in sorted(special.items()):
        by_plan.setdefault(plan, []).append(index)
    shown = sorted(by_plan, key=_cost)[:_MOST_SHOWN]
    return "\n\n".join(f"With values for {' and '.join(by_plan[plan])}:\n{plan}" for plan in shown)


def _cost(plan: str) -> float:
    match = _COST.search(plan)
    return float(match[1]) if match else 0.0
