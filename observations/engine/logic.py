"""Not, and, or, and the conditional expression."""

import ast
from typing import cast

from observations.engine.arithmetic import minus
from observations.engine.code import Code, Frame, Run
from observations.engine.context import Context
from observations.engine.values import Kind


def unary(context: Context, node: ast.expr) -> Code:
    """Compile not x and -x."""
    operation = cast("ast.UnaryOp", node)
    if isinstance(operation.op, ast.USub):
        return minus(context, operation)
    if not isinstance(operation.op, ast.Not):
        return context.refuse(node, "a + before a value does nothing; leave it out")
    asked = context.condition(operation.operand, "not")
    ask = asked.run
    return Code(lambda frame: not ask(frame), Kind.BOOLEAN, asked.cost + 1)


def decision(context: Context, node: ast.expr) -> Code:
    """Compile `and` and `or`: true or false in and out; once it is decided, no further operand is read."""
    operation = cast("ast.BoolOp", node)
    symbol = "and" if isinstance(operation.op, ast.And) else "or"
    codes = [context.condition(operand, symbol) for operand in operation.values]
    cost = sum(code.cost for code in codes) + len(codes) - 1
    return Code(_decision([code.run for code in codes], decided_by=symbol == "or"), Kind.BOOLEAN, cost)


def _decision(parts: list[Run], *, decided_by: bool) -> Run:
    def decide(frame: Frame) -> object:
        for part in parts:
            if part(frame) is decided_by:
                return decided_by
        return not decided_by

    return decide


def conditional(context: Context, node: ast.expr) -> Code:
    """Compile `a if c else b`; either branch may be None where the whole may."""
    choice = cast("ast.IfExp", node)
    condition = context.condition(choice.test, "if")
    first = context.optional(choice.body)
    second = context.optional(choice.orelse)
    test, yes, no = condition.run, first.run, second.run
    cost = condition.cost + first.cost + second.cost + 1
    return Code(
        lambda frame: yes(frame) if test(frame) else no(frame), _common(first.kind, second.kind), cost
    )


def _common(first: Kind, second: Kind) -> Kind:
    if first is second:
        return first
    if Kind.NONE in (first, second) or Kind.OPTIONAL in (first, second):
        return Kind.OPTIONAL
    return Kind.ANY
