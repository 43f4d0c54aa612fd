"""Arithmetic: numbers in, one number out, finite and below the limit."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, cast

from observations.engine.code import Code, Frame, Place, Run, constant, failure
from observations.engine.context import Context
from observations.engine.limits import NUMBER_LIMIT
from observations.engine.values import NUMBERS, Kind, kind_of

Operation: TypeAlias = Callable[[Any, Any], Any]


def power(base: float, exponent: float) -> float:
    """Give base ** exponent, whole for whole numbers, without ever holding a number of more than a few words.

    Raises ValueError where the power is not a real number, OverflowError where it is too large.
    """
    # A float first: 10 ** 10 ** 10 as a whole number fills the memory before anyone can look at its size.
    estimate = math.pow(base, exponent)
    whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    return cast("int", base**exponent) if whole and abs(estimate) < 2 * NUMBER_LIMIT else estimate


_ARITHMETIC: Final[Mapping[type[ast.operator], tuple[str, Operation]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", power),
}


def calculation(context: Context, node: ast.expr) -> Code:
    """Compile a + b and its like: two numbers in, one number out, finite and below the limit."""
    binary = cast("ast.BinOp", node)
    if type(binary.op) not in _ARITHMETIC:
        return context.refuse(node, "this operator is not part of the language; there are + - * / % **")
    symbol, operation = _ARITHMETIC[type(binary.op)]
    left = context.of_kind(binary.left, Kind.NUMBER, symbol)
    right = context.of_kind(binary.right, Kind.NUMBER, symbol)
    run = _calculate(operation, symbol, left.run, right.run, context.place(node))
    return Code(run, Kind.NUMBER, left.cost + right.cost + 1)


def _calculate(operation: Operation, symbol: str, left: Run, right: Run, place: Place) -> Run:
    def calculate(frame: Frame) -> object:
        first = left(frame)
        second = right(frame)
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
        raise failure(place, f"the result of {symbol} is not below 1e15 in size")

    return calculate


def not_numbers(symbol: str, first: object, second: object) -> str:
    """Say which of two operands is not a number."""
    wrong = second if type(first) in NUMBERS else first
    return f"{symbol} needs {Kind.NUMBER}, not {kind_of(wrong)}"


def minus(context: Context, node: ast.UnaryOp) -> Code:
    """Compile -x. The negative of a literal is a literal, so that [-1, 0, 1] is one too."""
    code = context.of_kind(node.operand, Kind.NUMBER, "-")
    run = _negation(code.run, context.place(node))
    if code.literal:
        return constant(run([]), Kind.NUMBER)
    return Code(run, Kind.NUMBER, code.cost + 1)


def _negation(run: Run, place: Place) -> Run:
    def negate(frame: Frame) -> object:
        value = run(frame)
        if type(value) not in NUMBERS:
            raise failure(place, f"- needs {Kind.NUMBER}, not {kind_of(value)}")
        return -value

    return negate
