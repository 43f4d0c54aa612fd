"""Calls of the functions of the language."""

import ast
from bisect import bisect_left
from typing import cast

from observations.engine import advice
from observations.engine.arguments import Call
from observations.engine.bands import fault_of
from observations.engine.code import Code, Frame, Run, charge_reading
from observations.engine.context import Context
from observations.engine.functions import FUNCTIONS, Function
from observations.engine.leaves import path_of
from observations.engine.values import NUMBERS, Kind, kind_of


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
    cost = sum(argument.cost for argument in arguments) + len(arguments)
    if name == "band" and arguments[1].literal and arguments[2].literal:
        return Code(_literal_band(context, node, this, arguments), Kind.ANY, cost)
    kind = Kind.ANY if name == "band" else Kind.NUMBER
    return Code(_application(FUNCTIONS[name], this, [argument.run for argument in arguments]), kind, cost)


def _application(function: Function, this: Call, arguments: list[Run]) -> Run:
    apply, place = function.apply, this.place

    def run(frame: Frame) -> object:
        values = [argument(frame) for argument in arguments]
        for value in values:
            if type(value) is tuple:
                charge_reading(frame, len(value), place)
        return apply(this, *values)

    return run


def _literal_band(context: Context, node: ast.Call, this: Call, arguments: list[Code]) -> Run:
    """Give a band whose table stands in the source: checked once, at save."""
    limits, points = arguments[1].run([]), arguments[2].run([])
    table_fault = _table_fault(limits, points)
    if table_fault:
        context.refuse(node, f"band {table_fault}")
    value_of = arguments[0].run

    def run(frame: Frame) -> object:
        value = value_of(frame)
        if type(value) not in NUMBERS:
            this.fail(f"needs {Kind.NUMBER}, not {kind_of(value)}")
        return points[bisect_left(limits, value)]

    return run


def _table_fault(limits: object, points: object) -> str | None:
    if not isinstance(limits, tuple) or not isinstance(points, tuple):
        return "takes a list of limits and a list of points, as in band(x, [8, 11], [3, 1, 0])"
    if not NUMBERS.issuperset(map(type, limits)):
        return "needs limits that are numbers"
    return fault_of(limits, points)
