"""Calls of the functions of the language."""

import ast
from bisect import bisect_left
from collections.abc import Callable
from typing import cast

from observations.engine import advice
from observations.engine.arguments import Call, Numbers
from observations.engine.bands import fault_of
from observations.engine.code import Budget, Code, spend_reading
from observations.engine.context import Context
from observations.engine.functions import FUNCTIONS, Function
from observations.engine.leaves import path_of
from observations.engine.values import NUMBERS, Kind, Plain, kind_of


def call(context: Context, node: ast.expr) -> Code:
    """Compile the call of a function: a known name, and as many arguments as it takes, in order."""
    written = cast("ast.Call", node)
    if not isinstance(written.func, ast.Name):
        return context.refuse(
            node, "only the functions of the language are called: write mean(values), not values.mean()"
        )
    name = written.func.id
    if name not in FUNCTIONS:
        return context.refuse(node, _why_unknown(name))
    if written.keywords:
        return context.refuse(node, f"{name} takes its arguments in order, without names; write {name}(...)")
    if not FUNCTIONS[name].least <= len(written.args) <= FUNCTIONS[name].most:
        return context.refuse(node, f"{name} takes {_how_many(FUNCTIONS[name])}, not {len(written.args)}")
    return _call(context, written, name)


def _why_unknown(name: str) -> str:
    if name in advice.FUNCTIONS:
        return f"there is no function {name}; {advice.FUNCTIONS[name]}"
    known = sorted(FUNCTIONS)
    near = advice.nearest(name, known) or f"; the functions are {', '.join(known)}"
    return f"there is no function {name}{near}"


def _how_many(function: Function) -> str:
    if function.least == function.most:
        return "1 argument" if function.most == 1 else f"{function.most} arguments"
    return f"{function.least} to {function.most:,} arguments"


def _call(context: Context, node: ast.Call, name: str) -> Code:
    arguments = [context.expression(argument) for argument in node.args]
    # A name or a field says more to a reader of 'no value for ...' than the function does.
    this = Call(name, context.place(node), path_of(node.args[0]))
    if name == "band" and arguments[1].is_literal and arguments[2].is_literal:
        return _literal_band(context, node, this, arguments)
    function, program = FUNCTIONS[name], context.program
    if function.lists:
        context.note_reading(len(arguments))
    apply = program.use(function.apply)
    paid = f"{program.use(applied)}(f,{apply}," if function.lists else f"{apply}("
    text = f"{paid}{program.constant(this)},{_listed(arguments)})"
    context.facts.learn(arguments[0].slot, _proved_by(function, len(arguments)))
    kind = Kind.ANY if name == "band" else Kind.NUMBER
    return Code(text, kind, _cost_of(arguments))


def _cost_of(arguments: list[Code]) -> int:
    return sum(argument.cost for argument in arguments) + len(arguments)


def _listed(arguments: list[Code]) -> str:
    return ",".join(argument.text for argument in arguments)


def _proved_by(function: Function, arguments: int) -> Kind:
    """What a run that comes past a call has shown of its first argument."""
    return Kind.LIST if function.lists and arguments == 1 else Kind.NUMBER


def applied(budget: Budget, apply: Callable[..., object], this: Call, *values: object) -> object:
    """Give what a function that reads lists makes of its arguments, when the steps for reading them are paid."""
    for value in values:
        if type(value) is tuple:
            spend_reading(budget, len(value), this.place)
    return apply(this, *values)


def _literal_band(context: Context, node: ast.Call, this: Call, arguments: list[Code]) -> Code:
    """Compile a band whose table stands in the source: checked once, at save."""
    value, limits, points = arguments
    table_fault = _table_fault(limits.literal, points.literal)
    if table_fault:
        context.refuse(node, f"band {table_fault}")
    call = context.program.constant(this)
    text = f"{context.program.use(points_of)}({_listed(arguments)},{call})"
    context.facts.learn(value.slot, Kind.NUMBER)
    return Code(text, Kind.ANY, _cost_of(arguments), sure=_common_kind(points.literal))


def points_of(value: Plain, limits: Numbers, points: tuple[object, ...], this: Call) -> object:
    """Give the points of the first limit that is not below the value, by a table that was checked."""
    if type(value) not in NUMBERS:
        this.fail(f"needs {Kind.NUMBER}, not {kind_of(value)}")
    return points[bisect_left(limits, value)]


def _common_kind(points: object) -> Kind | None:
    kinds = {kind_of(point) for point in points} if isinstance(points, tuple) else set()
    return kinds.pop() if len(kinds) == 1 else None


def _table_fault(limits: object, points: object) -> str | None:
    if not isinstance(limits, tuple) or not isinstance(points, tuple):
        return "takes a list of limits and a list of points, as in band(x, [8, 11], [3, 1, 0])"
    if not NUMBERS.issuperset(map(type, limits)):
        return "needs limits that are numbers"
    return fault_of(limits, points)
