"""Comparisons: order, equality, membership and the question for None."""

import ast
import operator
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final, cast

from observations.engine.arithmetic import Operation, Operator, not_numbers
from observations.engine.code import Budget, Code, Place, failure, spend_reading
from observations.engine.context import Context
from observations.engine.leaves import is_none
from observations.engine.values import KINDS, NUMBERS, SCALARS, Kind, kind_of


def _order(name: str, symbol: str, operation: Operation) -> Operator:
    def order(first: object, second: object, place: Place) -> object:
        if type(first) in NUMBERS and type(second) in NUMBERS:
            return operation(first, second)
        raise failure(place, not_numbers(symbol, first, second))

    order.__name__ = name
    return Operator(symbol, order)


def _equality(name: str, symbol: str, operation: Operation) -> Operator:
    def equal(first: object, second: object, place: Place) -> object:
        kind = kind_of(first)
        if kind is kind_of(second) and type(first) in SCALARS:
            return operation(first, second)
        raise failure(place, f"{symbol} compares values of one kind, not {kind} with {kind_of(second)}")

    equal.__name__ = name
    return Operator(symbol, equal)


_ORDER: Final[Mapping[type[ast.cmpop], Operator]] = {
    ast.Lt: _order("below", "<", operator.lt),
    ast.LtE: _order("at_most", "<=", operator.le),
    ast.Gt: _order("above", ">", operator.gt),
    ast.GtE: _order("at_least", ">=", operator.ge),
}
_EQUALITY: Final[Mapping[type[ast.cmpop], Operator]] = {
    ast.Eq: _equality("equal", "==", operator.eq),
    ast.NotEq: _equality("unequal", "!=", operator.ne),
}
_ORDERED: Final = frozenset({Kind.NUMBER})
_COMPARABLE: Final = frozenset({Kind.NUMBER, Kind.TEXT, Kind.BOOLEAN})


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
        return _ordered(context, compare, _ORDER[kind])
    return _equated(context, compare, _EQUALITY[kind])


def _is_none_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _identity(context: Context, compare: ast.Compare, *, wanted: bool) -> Code:
    if not _is_none_literal(compare.comparators[0]):
        return context.refuse(compare, "is asks for None only; write == or != to compare values")
    code = is_none(context, compare.left)
    text = code.text if wanted else f"(not {code.text})"
    return Code(text, Kind.BOOLEAN, code.cost + 1)


def _ordered(context: Context, compare: ast.Compare, how: Operator) -> Code:
    left = context.of_kind(compare.left, Kind.NUMBER, how.symbol)
    right = context.of_kind(compare.comparators[0], Kind.NUMBER, how.symbol)
    code = _compared(context, compare, how, (left, right), _ORDERED)
    context.facts.learn(left.slot, Kind.NUMBER)
    context.facts.learn(right.slot, Kind.NUMBER)
    return code


def _equated(context: Context, compare: ast.Compare, how: Operator) -> Code:
    left = _comparable(context, compare.left, how.symbol)
    right = _comparable(context, compare.comparators[0], how.symbol)
    if Kind.ANY not in (left.kind, right.kind) and left.kind is not right.kind:
        return context.refuse(
            compare, f"{how.symbol} compares values of one kind, not {left.kind} with {right.kind}"
        )
    code = _compared(context, compare, how, (left, right), _COMPARABLE)
    if right.proved in _COMPARABLE:
        context.facts.learn(left.slot, right.proved)
    return code


def _compared(
    context: Context, compare: ast.Compare, how: Operator, sides: tuple[Code, Code], kinds: AbstractSet[Kind]
) -> Code:
    left, right = sides
    if left.proved is right.proved and left.proved in kinds:
        text = f"({left.text}{how.symbol}{right.text})"
    else:
        text = f"{context.program.use(how.run)}({left.text},{right.text},{context.place(compare)})"
    return Code(text, Kind.BOOLEAN, left.cost + right.cost + 1)


def _comparable(context: Context, node: ast.expr, symbol: str) -> Code:
    code = context.expression(node)
    if code.kind in (Kind.LIST, Kind.RECORD):
        return context.refuse(node, f"{symbol} compares numbers, texts, or true and false, not {code.kind}")
    return code


def _membership(context: Context, left: ast.expr, right: ast.expr, *, wanted: bool) -> Code:
    item = _comparable(context, left, "in")
    items = context.of_kind(right, Kind.LIST, "in")
    text = f"{context.program.use(contains)}(f,{item.text},{items.text},{context.place(right)})"
    context.facts.learn(items.slot, Kind.LIST)
    context.note_reading(1)
    return Code(text if wanted else f"(not {text})", Kind.BOOLEAN, item.cost + items.cost + 1)


def contains(budget: Budget, sought: object, among: object, place: Place) -> bool:
    """Tell whether a value is in what must be a list of values of its kind."""
    if type(among) is not tuple:
        raise failure(place, f"in needs {Kind.LIST}, not {kind_of(among)}")
    spend_reading(budget, len(among), place)
    _check_one_kind(sought, among, place)
    return sought in among


def _check_one_kind(sought: object, among: tuple[object, ...], place: Place) -> None:
    kind = kind_of(sought)
    if type(sought) not in SCALARS:
        raise failure(place, f"in looks for a number, a text, or true or false, not {kind}")
    if {KINDS[each] for each in set(map(type, among))} - {kind}:
        other = next(kind_of(item) for item in among if kind_of(item) is not kind)
        raise failure(place, f"in looks for {kind}, but the list holds {other}")
