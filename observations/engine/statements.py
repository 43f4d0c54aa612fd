"""Assignments and if/elif/else, and which names are sure to be set where."""

import ast
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from observations.engine import advice
from observations.engine.code import Frame, Place, Run, charge
from observations.engine.context import Context

Step: TypeAlias = Callable[[Frame], None]


class _Branch(NamedTuple):
    condition: Run
    body: Step


class _Statement(NamedTuple):
    run: Step
    cost: int


_NOTHING = _Statement(lambda _: None, 0)


def block(context: Context, statements: list[ast.stmt]) -> Step:
    """Compile statements that run one after the other; the steps of all of them are paid on entry."""
    compiled = [_statement(context, statement) for statement in statements]
    runs = [statement.run for statement in compiled]
    cost = sum(statement.cost for statement in compiled)
    place = context.place(statements[0]) if statements else Place(0, 0)

    def run(frame: Frame) -> None:
        charge(frame, cost, place)
        for step in runs:
            step(frame)

    return run


def _statement(context: Context, node: ast.stmt) -> _Statement:
    if isinstance(node, ast.Assign):
        return _assignment(context, node)
    if isinstance(node, ast.If):
        statement = _choice(context, node) if context.enter(node) else _NOTHING
        context.leave()
        return statement
    context.refuse(node, advice.for_node(node))
    return _NOTHING


def _assignment(context: Context, node: ast.Assign) -> _Statement:
    value = context.optional(node.value)
    target = node.targets[0]
    if len(node.targets) > 1 or not isinstance(target, ast.Name):
        context.refuse(
            node, "only one plain name stands before =; lists and records are not changed, write a new one"
        )
        return _NOTHING
    if target.id in context.functions:
        context.refuse(target, f"{target.id} is a function; choose another name")
        return _NOTHING
    return _Statement(_store(context.declare(target.id), value.run), value.cost + 1)


def _store(slot: int, value: Run) -> Step:
    def store(frame: Frame) -> None:
        frame[slot] = value(frame)

    return store


def _choice(context: Context, node: ast.If) -> _Statement:
    """Compile an if with its elifs in a row, as the author sees them; Python nests each in an else."""
    branches: list[_Branch] = []
    endings: list[list[str]] = []
    cost = 0
    while True:
        condition = context.condition(node.test, "if")
        cost += condition.cost + 1
        body, ending = _branch(context, node.body)
        branches.append(_Branch(condition.run, body))
        endings.append(ending)
        if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
            break
        node = node.orelse[0]
    otherwise, ending = _branch(context, node.orelse)
    for name in _in_all([*endings, ending]):
        context.declare(name)
    return _Statement(_decide(branches, otherwise), cost)


def _branch(context: Context, statements: list[ast.stmt]) -> tuple[Step, list[str]]:
    """Compile one branch; gives the names that it sets beside its step, and forgets them."""
    outer, context.set_in_branch = context.set_in_branch, []
    step = block(context, statements)
    ending, context.set_in_branch = context.set_in_branch, outer
    # Taken back one by one: a copy of all names for each branch would be quadratic in a hostile source.
    for name in ending:
        del context.names[name]
    return step, ending


def _in_all(endings: list[list[str]]) -> list[str]:
    others = [set(ending) for ending in endings[1:]]
    return [name for name in endings[0] if all(name in other for other in others)]


def _decide(branches: list[_Branch], otherwise: Step) -> Step:
    def decide(frame: Frame) -> None:
        for condition, body in branches:
            if condition(frame):
                body(frame)
                return
        otherwise(frame)

    return decide
