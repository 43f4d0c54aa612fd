"""Not, and, or, and the conditional expression."""

import ast
from typing import cast

from observations.engine.arithmetic import minus
from observations.engine.code import Code
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
    return Code(f"(not {asked.text})", Kind.BOOLEAN, asked.cost + 1)


def decision(context: Context, node: ast.expr) -> Code:
    """Compile `and` and `or`: true or false in and out; once it is decided, no further operand is read."""
    operation = cast("ast.BoolOp", node)
    symbol = "and" if isinstance(operation.op, ast.And) else "or"
    codes = [context.condition(operation.values[0], symbol)]
    mark = context.facts.mark()
    codes += [context.condition(operand, symbol) for operand in operation.values[1:]]
    context.facts.back_to(mark)
    cost = sum(code.cost for code in codes) + len(codes) - 1
    return Code(f"({f' {symbol} '.join(code.text for code in codes)})", Kind.BOOLEAN, cost)


def conditional(context: Context, node: ast.expr) -> Code:
    """Compile `a if c else b`; either branch may be None where the whole may."""
    choice = cast("ast.IfExp", node)
    condition = context.condition(choice.test, "if")
    mark = context.facts.mark()
    first = context.optional(choice.body)
    context.facts.back_to(mark)
    second = context.optional(choice.orelse)
    context.facts.back_to(mark)
    return Code(
        f"({first.text} if {condition.text} else {second.text})",
        _common(first.kind, second.kind),
        condition.cost + first.cost + second.cost + 1,
        _common(first.proved, second.proved),
    )


def _common(first: Kind, second: Kind) -> Kind:
    if first is second:
        return first
    if Kind.NONE in (first, second) or Kind.OPTIONAL in (first, second):
        return Kind.OPTIONAL
    return Kind.ANY
