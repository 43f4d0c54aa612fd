"""Comparisons: order, equality, membership and the question for None."""

import ast
import operator
from collections.abc import Mapping
from typing import Final, cast

from observations.engine.arithmetic import Operation, not_numbers
from observations.engine.code import Code, Frame, Place, charge_reading, failure
from observations.engine.context import Context
from observations.engine.leaves import is_none
from observations.engine.values import NUMBERS, SCALARS, Kind, kind_of

_ORDER: Final[Mapping[type[ast.cmpop], tuple[str, Operation]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
_EQUALITY: Final[Mapping[type[ast.cmpop], tuple[str, Operation]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}


def comparison(context: Context, node: ast.expr) -> Code:
    """Compile one comparison, `in`, `not in`, `is None` or `is not None`."""
    compare = cast("ast.Compare", node)
    if len(compare.ops) > 1:
        return context.refuse(
            node, "comparisons cannot be chained; write 70 <= x and x <= 180 instead of 70 <= x <= 180"
        )
    kind, left, right = type(compare.ops[0]), compare.left, compare.comparators[0]
    if kind in (ast.Is, ast.IsNot):
        return _identity(context, compare, wanted=kind is ast.Is)
    if _is_none_literal(left) or _is_none_literal(right):
        return context.refuse(node, "None is asked for with is: write x is None, or x is not None")
    if kind in (ast.In, ast.NotIn):
        return _membership(context, left, right, wanted=kind is ast.In)
    if kind in _ORDER:
        return _order(context, compare)
    return _equality(context, compare)


def _is_none_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _identity(context: Context, compare: ast.Compare, *, wanted: bool) -> Code:
    if not _is_none_literal(compare.comparators[0]):
        return context.refuse(compare, "is asks for None only; write == or != to compare values")
    code = is_none(context, compare.left)
    ask = code.run
    return Code(lambda frame: ask(frame) is wanted, Kind.BOOLEAN, code.cost + 1)


def _order(context: Context, compare: ast.Compare) -> Code:
    symbol, operation = _ORDER[type(compare.ops[0])]
    left = context.of_kind(compare.left, Kind.NUMBER, symbol)
    right = context.of_kind(compare.comparators[0], Kind.NUMBER, symbol)
    first_run, second_run, place = left.run, right.run, context.place(compare)

    def order(frame: Frame) -> object:
        first = first_run(frame)
        second = second_run(frame)
        if type(first) in NUMBERS and type(second) in NUMBERS:
            return operation(first, second)
        raise failure(place, not_numbers(symbol, first, second))

    return Code(order, Kind.BOOLEAN, left.cost + right.cost + 1)


def _equality(context: Context, compare: ast.Compare) -> Code:
    symbol, operation = _EQUALITY[type(compare.ops[0])]
    left = _comparable(context, compare.left, symbol)
    right = _comparable(context, compare.comparators[0], symbol)
    first_run, second_run, place = left.run, right.run, context.place(compare)
    if Kind.ANY not in (left.kind, right.kind) and left.kind is not right.kind:
        return context.refuse(
            compare, f"{symbol} compares values of one kind, not {left.kind} with {right.kind}"
        )

    def equal(frame: Frame) -> object:
        first = first_run(frame)
        second = second_run(frame)
        kind = kind_of(first)
        if kind is kind_of(second) and type(first) in SCALARS:
            return operation(first, second)
        raise failure(place, f"{symbol} compares values of one kind, not {kind} with {kind_of(second)}")

    return Code(equal, Kind.BOOLEAN, left.cost + right.cost + 1)


def _comparable(context: Context, node: ast.expr, symbol: str) -> Code:
    code = context.expression(node)
    if code.kind in (Kind.LIST, Kind.RECORD):
        return context.refuse(node, f"{symbol} compares numbers, texts, or true and false, not {code.kind}")
    return code


def _membership(context: Context, left: ast.expr, right: ast.expr, *, wanted: bool) -> Code:
    item = _comparable(context, left, "in")
    items = context.of_kind(right, Kind.LIST, "in")
    item_run, items_run, place = item.run, items.run, context.place(right)

    def contains(frame: Frame) -> bool:
        sought = item_run(frame)
        among = items_run(frame)
        if type(among) is not tuple:
            raise failure(place, f"in needs {Kind.LIST}, not {kind_of(among)}")
        charge_reading(frame, len(among), place)
        _check_one_kind(sought, among, place)
        return (sought in among) is wanted

    return Code(contains, Kind.BOOLEAN, item.cost + items.cost + 1)


def _check_one_kind(sought: object, among: tuple[object, ...], place: Place) -> None:
    kind = kind_of(sought)
    if type(sought) not in SCALARS:
        raise failure(place, f"in looks for a number, a text, or true or false, not {kind}")
    for item in among:
        if kind_of(item) is not kind:
            raise failure(place, f"in looks for {kind}, but the list holds {kind_of(item)}")
