"""Assignments and if/elif/else, and which names are sure to be set where."""

import ast
from collections.abc import Callable, Sequence

from observations.engine import advice
from observations.engine.context import Context
from observations.engine.facts import Ending


def block(context: Context, statements: Sequence[ast.stmt]) -> None:
    """Compile statements that run one after the other; the steps of all of them are paid on entry."""
    if not statements:
        return
    first = context.program.begin_block()
    cost = sum([_statement(context, statement) for statement in statements])
    context.program.pay(first, cost, context.place(statements[0]))


def _statement(context: Context, node: ast.stmt) -> int:
    """Compile a statement; gives the steps it costs."""
    if isinstance(node, ast.Assign):
        return _assignment(context, node)
    if isinstance(node, ast.If):
        cost = _choice(context, node) if context.enter(node) else 0
        context.leave()
        return cost
    context.refuse(node, advice.for_node(node))
    return 0


def _assignment(context: Context, node: ast.Assign) -> int:
    value = context.optional(node.value)
    target = node.targets[0]
    if len(node.targets) > 1 or not isinstance(target, ast.Name):
        context.refuse(
            node, "only one plain name stands before =; lists and records are not changed, write a new one"
        )
        return 0
    if target.id in context.functions:
        context.refuse(target, f"{target.id} is a function; choose another name")
        return 0
    slot = context.declare(target.id)
    context.kinds.pop(slot, None)
    context.facts.assign(slot, value.proved)
    text = value.text
    if context.watcher:
        text = _watched(context, context.watcher.note_assigned, (node.lineno, target.id), text)
    context.program.write(f"v{slot}={text}")
    return value.cost + 1


def _watched(context: Context, tell: Callable[..., object], what: tuple[int, str], text: str) -> str:
    """Have a watcher told of a value on its way."""
    return f"{context.program.use(tell)}({context.program.constant(what)},{text})"


def _choice(context: Context, node: ast.If) -> int:
    """Compile an if with its elifs in a row, as the author sees them; Python nests each in an else."""
    set_in: list[list[str]] = []
    endings: list[Ending] = []
    cost = _condition(context, node, "if")
    mark = context.facts.mark()
    _branch(context, node.body, set_in, endings)
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
        cost += _condition(context, node, "elif")
        _branch(context, node.body, set_in, endings)
    if node.orelse:
        context.program.write("else:")
    _branch(context, node.orelse, set_in, endings)
    context.facts.back_to(mark)
    context.facts.join(endings)
    for name in _in_all(set_in):
        context.declare(name)
    return cost


def _condition(context: Context, node: ast.If, word: str) -> int:
    condition = context.condition(node.test, "if")
    text = condition.text
    if context.watcher:
        text = _watched(context, context.watcher.note_decided, context.line(node.test), text)
    context.program.write(f"{word} {text}:")
    return condition.cost + 1


def _branch(
    context: Context, statements: Sequence[ast.stmt], set_in: list[list[str]], endings: list[Ending]
) -> None:
    """Compile one branch; adds the names that it sets, and what is sure of them at its end, and forgets both."""
    outer, context.set_in_branch = context.set_in_branch, []
    outside = context.facts.enter_branch()
    context.program.indent(1)
    block(context, statements)
    context.program.indent(-1)
    endings.append(context.facts.leave_branch(outside))
    set_in.append(context.set_in_branch)
    # Taken back one by one: a copy of all names for each branch would be quadratic in a hostile source.
    for name in context.set_in_branch:
        del context.names[name]
    context.set_in_branch = outer


def _in_all(endings: list[list[str]]) -> list[str]:
    others = [set(ending) for ending in endings[1:]]
    return [name for name in endings[0] if all(name in other for other in others)]
