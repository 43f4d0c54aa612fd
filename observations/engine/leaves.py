"""Literals, names and field access."""

import ast
from typing import cast

from observations.engine import advice
from observations.engine.code import Code, Frame, Place, Run, constant, failure
from observations.engine.context import Context
from observations.engine.errors import NotComputable
from observations.engine.limits import MAX_TEXT, NUMBER_LIMIT
from observations.engine.values import Kind, is_permitted_text, kind_of


def literal(context: Context, node: ast.expr) -> Code:
    """Compile a number, a text, True, False or None."""
    value = cast("ast.Constant", node).value
    if value is None or isinstance(value, bool):
        return constant(value, kind_of(value))
    if isinstance(value, str):
        if is_permitted_text(value):
            return constant(value, Kind.TEXT)
        return context.refuse(node, f"a text has at most {MAX_TEXT} characters, all of them printable")
    if not isinstance(value, int | float):
        return context.refuse(node, "this is no value; write a number, a text, True, False or None")
    if value >= NUMBER_LIMIT:
        return context.refuse(node, "a number must be below 1e15")
    return constant(value, Kind.NUMBER)


def name(context: Context, node: ast.expr) -> Code:
    """Compile the reading of a name. A name without a value ends the run as not computable."""
    identifier = cast("ast.Name", node).id
    slot = context.names.get(identifier)
    if slot is None:
        return context.refuse(node, _why_unknown(context, identifier))
    return Code(_read_name(slot, f"no value for {identifier}"), Kind.ANY)


def _why_unknown(context: Context, identifier: str) -> str:
    if identifier in context.functions:
        return f"{identifier} is a function; call it, as in {identifier}(values)"
    if context.is_declared(identifier):
        return (
            f"{identifier} is not set on every way here; set it before the if, or in each branch and an else"
        )
    near = advice.nearest(identifier, context.names)
    return f"{identifier} is not known here{near or '; it is neither an input nor set above'}"


def _read_name(slot: int, absent: str) -> Run:
    def read(frame: Frame) -> object:
        value = frame[slot]
        if value is None:
            raise NotComputable(absent)
        return value

    return read


def field(context: Context, node: ast.expr) -> Code:
    """Compile `record.field`. A field without a value ends the run as not computable."""
    attribute = cast("ast.Attribute", node)
    record = context.of_kind(attribute.value, Kind.RECORD, f".{attribute.attr}")
    look_up = _look_up(record.run, attribute.attr, context.place(node))
    absent = f"no value for {path_of(attribute)}"

    def read(frame: Frame) -> object:
        value = look_up(frame)
        if value is None:
            raise NotComputable(absent)
        return value

    return Code(read, Kind.ANY, record.cost + 1)


def is_none(context: Context, node: ast.expr) -> Code:
    """Compile the question whether a name or a field has no value: the one way to read it unharmed."""
    if isinstance(node, ast.Name) and node.id in context.names:
        slot = context.names[node.id]
        return Code(lambda frame: frame[slot] is None, Kind.BOOLEAN)
    if isinstance(node, ast.Attribute):
        return _field_is_none(context, node)
    if isinstance(node, ast.Name):
        return name(context, node)
    return context.refuse(node, "only a name or a field can be asked for None, as in: x is None")


def _field_is_none(context: Context, node: ast.Attribute) -> Code:
    owner = context.names.get(node.value.id) if isinstance(node.value, ast.Name) else None
    record = context.of_kind(node.value, Kind.RECORD, f".{node.attr}")
    look_up = _look_up(record.run, node.attr, context.place(node))

    def ask(frame: Frame) -> bool:
        # Of a blood pressure that was not measured, no part was: asked for, not an end of the script.
        return (owner is not None and frame[owner] is None) or look_up(frame) is None

    return Code(ask, Kind.BOOLEAN, record.cost + 1)


def _look_up(record: Run, field_name: str, place: Place) -> Run:
    def look_up(frame: Frame) -> object:
        fields = record(frame)
        if type(fields) is not dict:
            raise failure(place, f".{field_name} needs {Kind.RECORD}, not {kind_of(fields)}")
        if field_name not in fields:
            raise failure(place, f"the record has no field {field_name}")
        return fields[field_name]

    return look_up


def path_of(node: ast.expr) -> str | None:
    """Give what a message calls an expression, as in bp.systolic or readings[].value; None if computed."""
    steps: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            steps.append(f".{node.attr}")
        elif isinstance(node, ast.Subscript):
            steps.append("[]")
        else:
            return None
        node = node.value
    return node.id + "".join(reversed(steps))
