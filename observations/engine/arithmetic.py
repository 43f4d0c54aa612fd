"""Arithmetic: numbers in, one number out, finite and below the limit."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias, cast

from observations.engine.code import Code, Place, failure
from observations.engine.context import Context
from observations.engine.errors import ScriptFailed
from observations.engine.limits import NUMBER_LIMIT
from observations.engine.values import NUMBERS, Kind, Plain, kind_of

Operation: TypeAlias = Callable[[Any, Any], Any]
Checked: TypeAlias = Callable[[object, object, Place], object]


class Operator(NamedTuple):
    """An operator of the language: how it is written, and the operation on operands whose kinds it checks itself."""

    symbol: str
    run: Checked
    within: Callable[[float, Place], float] | None = None
    """What checks the result alone, where nothing else can go wrong with two numbers."""


def power(base: float, exponent: float) -> float:
    """Give base ** exponent, whole for whole numbers, without ever holding a number of more than a few words.

    Raises ValueError where the power is not a real number, OverflowError where it is too large.
    """
    # A float first: 10 ** 10 ** 10 as a whole number fills the memory before anyone can look at its size.
    estimate = math.pow(base, exponent)
    whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    return cast("int", base**exponent) if whole and abs(estimate) < 2 * NUMBER_LIMIT else estimate


def _arithmetic(name: str, symbol: str, operation: Operation) -> Operator:
    def calculate(first: object, second: object, place: Place) -> object:
        if type(first) not in NUMBERS or type(second) not in NUMBERS:
            raise failure(place, not_numbers(symbol, first, second))
        try:
            value = operation(first, second)
        except ZeroDivisionError:
            raise failure(place, "division by zero") from None
        except ValueError:
            raise failure(place, f"{symbol} has no real number as its result here") from None
        except OverflowError:
            value = math.inf
        if -NUMBER_LIMIT < value < NUMBER_LIMIT:
            return value
        raise _too_large(place, symbol)

    calculate.__name__ = name
    return Operator(symbol, calculate)


def _too_large(place: Place, symbol: str) -> ScriptFailed:
    return failure(place, f"the result of {symbol} is not below 1e15 in size")


def _plain(name: str, symbol: str, operation: Operation) -> Operator:
    def within(value: float, place: Place) -> float:
        if -NUMBER_LIMIT < value < NUMBER_LIMIT:
            return value
        raise _too_large(place, symbol)

    within.__name__ = f"{name}_within"
    return _arithmetic(name, symbol, operation)._replace(within=within)


_ARITHMETIC: Final[Mapping[type[ast.operator], Operator]] = {
    ast.Add: _plain("add", "+", operator.add),
    ast.Sub: _plain("subtract", "-", operator.sub),
    ast.Mult: _plain("multiply", "*", operator.mul),
    ast.Div: _arithmetic("divide", "/", operator.truediv),
    ast.Mod: _arithmetic("remainder", "%", operator.mod),
    ast.Pow: _arithmetic("raise_to", "**", power),
}


def calculation(context: Context, node: ast.expr) -> Code:
    """Compile a + b and its like: two numbers in, one number out, finite and below the limit."""
    binary = cast("ast.BinOp", node)
    if type(binary.op) not in _ARITHMETIC:
        return context.refuse(node, "this operator is not part of the language; there are + - * / % **")
    symbol, run, within = _ARITHMETIC[type(binary.op)]
    left = context.of_kind(binary.left, Kind.NUMBER, symbol)
    right = context.of_kind(binary.right, Kind.NUMBER, symbol)
    place = context.place(node)
    if within and left.proved is right.proved is Kind.NUMBER:
        text = f"{context.program.use(within)}({left.text}{symbol}{right.text},{place})"
    else:
        text = f"{context.program.use(run)}({left.text},{right.text},{place})"
        context.facts.learn(left.slot, Kind.NUMBER)
        context.facts.learn(right.slot, Kind.NUMBER)
    return Code(text, Kind.NUMBER, left.cost + right.cost + 1)


def not_numbers(symbol: str, first: object, second: object) -> str:
    """Say which of two operands is not a number."""
    wrong = second if type(first) in NUMBERS else first
    return f"{symbol} needs {Kind.NUMBER}, not {kind_of(wrong)}"


def minus(context: Context, node: ast.UnaryOp) -> Code:
    """Compile -x. The negative of a literal is a literal, so that [-1, 0, 1] is one too."""
    code = context.of_kind(node.operand, Kind.NUMBER, "-")
    if code.is_literal:
        negative = -cast("float", code.literal)
        return Code(f"({negative})", Kind.NUMBER, literal=negative)
    if code.proved is Kind.NUMBER:
        text = f"(-{code.text})"
    else:
        text = f"{context.program.use(negate)}({code.text},{context.place(node)})"
        context.facts.learn(code.slot, Kind.NUMBER)
    return Code(text, Kind.NUMBER, code.cost + 1)


def negate(value: Plain, place: Place) -> object:
    """Give -value of what must be a number."""
    if type(value) not in NUMBERS:
        raise failure(place, f"- needs {Kind.NUMBER}, not {kind_of(value)}")
    negative: float = -value
    return negative
