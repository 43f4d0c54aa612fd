"""Literals, names and field access."""

import ast
from functools import lru_cache
from typing import NamedTuple, cast

from observations.engine import advice
from observations.engine.code import Code, Place, failure
from observations.engine.context import Context
from observations.engine.errors import NotComputable
from observations.engine.limits import MAX_TEXT, NUMBER_LIMIT
from observations.engine.values import NUMBERS, Kind, is_permitted_text, kind_of


def literal(context: Context, node: ast.expr) -> Code:
    """Compile a number, a text, True, False or None."""
    value = cast("ast.Constant", node).value
    if type(value) in NUMBERS:
        number = cast("float", value)
        return (
            _number(number) if number < NUMBER_LIMIT else context.refuse(node, "a number must be below 1e15")
        )
    if isinstance(value, str):
        if not is_permitted_text(value):
            return context.refuse(node, f"a text has at most {MAX_TEXT} characters, all of them printable")
        return Code(context.program.constant(value), Kind.TEXT, literal=value)
    if not isinstance(value, bool | None):
        return context.refuse(node, "this is no value; write a number, a text, True, False or None")
    return Code(str(value), kind_of(value), literal=value)


@lru_cache(maxsize=256, typed=True)  # every table of points has the same few
def _number(value: float) -> Code:
    # Written out as we read it, not as the author wrote it.
    return Code(str(value), Kind.NUMBER, literal=value)


def name(context: Context, node: ast.expr) -> Code:
    """Compile the reading of a name. A name without a value ends the run as not computable."""
    identifier = cast("ast.Name", node).id
    slot = context.names.get(identifier)
    if slot is None:
        return context.refuse(node, _why_unknown(context, identifier))
    context.slots_read.add(slot)
    kind = context.kinds.get(slot, Kind.ANY)
    sure = context.facts.get(slot)
    if sure is not None:
        return Code(f"v{slot}", kind, sure=sure, slot=slot)
    reason = context.program.constant(f"no value for {identifier}")
    context.facts.learn(slot, Kind.ANY)
    # What is true needs no question whether it is None: the shortest code, and the fastest.
    text = f"(v{slot} or {context.program.use(present)}(v{slot},{reason}))"
    return Code(text, kind, sure=Kind.ANY, slot=slot)


def present(value: object, absent: str) -> object:
    """Give a value that a name must have."""
    if value is None:
        raise NotComputable(absent)
    return value


def _why_unknown(context: Context, identifier: str) -> str:
    if identifier in context.functions:
        return f"{identifier} is a function; call it, as in {identifier}(values)"
    if context.is_declared(identifier):
        return (
            f"{identifier} is not set on every way here; set it before the if, or in each branch and an else"
        )
    near = advice.nearest(identifier, context.names)
    return f"{identifier} is not known here{near or '; it is neither an input nor set above'}"


class Field(NamedTuple):
    """One reading of a field in the script: of which name, what is said when it has no value, and where."""

    name: str
    absent: str
    place: Place


def field(context: Context, node: ast.expr) -> Code:
    """Compile `record.field`. A field without a value ends the run as not computable."""
    record, this = _field(context, cast("ast.Attribute", node))
    context.facts.learn(record.slot, Kind.RECORD)
    return Code(f"{context.program.use(value_of)}({record.text},{this})", Kind.ANY, record.cost + 1)


def _field(context: Context, node: ast.Attribute) -> tuple[Code, str]:
    record = context.of_kind(node.value, Kind.RECORD, f".{node.attr}")
    return record, context.program.constant(
        Field(node.attr, f"no value for {path_of(node)}", context.place(node))
    )


def is_none(context: Context, node: ast.expr) -> Code:
    """Compile the question whether a name or a field has no value: the one way to read it unharmed."""
    if isinstance(node, ast.Name) and node.id in context.names:
        slot = context.names[node.id]
        context.slots_read.add(slot)
        return Code(f"(v{slot} is None)", Kind.BOOLEAN)
    if isinstance(node, ast.Attribute):
        return _field_is_none(context, node)
    if isinstance(node, ast.Name):
        return name(context, node)
    return context.refuse(node, "only a name or a field can be asked for None, as in: x is None")


def _field_is_none(context: Context, node: ast.Attribute) -> Code:
    owner = context.names.get(node.value.id) if isinstance(node.value, ast.Name) else None
    # Of a blood pressure that was not measured, no part was: asked for, not an end of the script.
    first = "" if owner is None or context.facts.get(owner) else f"v{owner} is None or "
    mark = context.facts.mark()
    if first and owner is not None:
        context.facts.learn(owner, Kind.ANY)
    record, this = _field(context, node)
    context.facts.back_to(mark)
    return Code(
        f"({first}{context.program.use(part)}({record.text},{this}) is None)", Kind.BOOLEAN, record.cost + 1
    )


def value_of(record: object, this: Field) -> object:
    """Give the value of a field, which must have one."""
    value: object = record.get(this.name) if type(record) is dict else None
    if value is None and part(record, this) is None:
        raise NotComputable(this.absent)
    return value


def part(record: object, this: Field) -> object:
    """Give the value of a field of what must be a record that has the field, or None."""
    if type(record) is not dict:
        raise failure(this.place, f".{this.name} needs {Kind.RECORD}, not {kind_of(record)}")
    if this.name not in record:
        raise failure(this.place, f"the record has no field {this.name}")
    return record[this.name]


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
