"""Lists, records, list comprehensions and the index."""

import ast
import re
from collections.abc import Sequence
from typing import Final, NamedTuple, cast

from observations.engine.code import NO_LITERAL, Budget, Code, Place, failure, spend
from observations.engine.context import Context
from observations.engine.errors import NotComputable
from observations.engine.leaves import path_of
from observations.engine.limits import MAX_FIELDS, MAX_ITEMS, MAX_NAME
from observations.engine.values import ITEMS, SCALARS, Kind, kind_of

_FIELD_NAME: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{MAX_NAME - 1}}}")
_SURE_ITEMS: Final = frozenset({Kind.NUMBER, Kind.TEXT, Kind.BOOLEAN, Kind.RECORD})
_SURE_FIELDS: Final = frozenset({Kind.NUMBER, Kind.TEXT, Kind.BOOLEAN, Kind.NONE})
_NO_NESTING: Final = "a list holds numbers, texts, true or false, or records, not lists"


def list_display(context: Context, node: ast.expr) -> Code:
    """Compile [a, b, c]. A list of plain literals is made once."""
    elements = cast("ast.List", node).elts
    if len(elements) > MAX_ITEMS:
        return context.refuse(node, f"a list has at most {MAX_ITEMS:,} items")
    codes = [context.expression(element) for element in elements]
    for element, code in zip(elements, codes, strict=True):
        if code.kind is Kind.LIST:
            context.refuse(element, _NO_NESTING)
    items = tuple([code.literal for code in codes])
    if NO_LITERAL not in items:
        return Code(context.program.constant(items), Kind.LIST, 1, literal=items)
    text = f"({','.join(code.text for code in codes)},)"
    if not _SURE_ITEMS.issuperset(code.proved for code in codes):
        text = f"{context.program.use(listed)}({text},{context.place(node)})"
    return Code(text, Kind.LIST, sum(code.cost for code in codes) + len(codes) + 1)


def listed(items: Sequence[object], place: Place) -> tuple[object, ...]:
    """Give a list of items, none of which may be a list."""
    # A list in a list would let twenty lines build what takes 2 ** 20 steps to compare and to store.
    if not ITEMS.issuperset(map(type, items)):
        raise failure(place, _NO_NESTING)
    return tuple(items)


def record_display(context: Context, node: ast.expr) -> Code:
    """Compile {"score": score, "risk": risk}: a flat record, whose fields may be None."""
    record = cast("ast.Dict", node)
    if len(record.keys) > MAX_FIELDS:
        return context.refuse(node, f"a record has at most {MAX_FIELDS} fields")
    fields: dict[str, Code] = {}
    for key, value in zip(record.keys, record.values, strict=True):
        code = context.optional(value)
        if code.kind in (Kind.LIST, Kind.RECORD):
            context.refuse(value, f"a field holds a number, a text, or true or false, not {code.kind}")
        fields[_field_name(context, record, key, fields)] = code
    words = (f"{context.program.constant(name)}:{code.text}" for name, code in fields.items())
    text = f"{{{','.join(words)}}}"
    if not _SURE_FIELDS.issuperset(code.proved for code in fields.values()):
        text = f"{context.program.use(flat)}({text},{context.place(node)})"
    return Code(text, Kind.RECORD, sum(code.cost + 1 for code in fields.values()) + 1)


def _field_name(context: Context, record: ast.Dict, key: ast.expr | None, taken: dict[str, Code]) -> str:
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        context.refuse(key or record, 'the name of a field is written out as a text, as in {"score": score}')
        return ""
    if not _FIELD_NAME.fullmatch(key.value):
        context.refuse(
            key,
            f"a field's name has up to {MAX_NAME} letters a to z, digits and _, and begins with a letter",
        )
    elif key.value in taken:
        context.refuse(key, f"the field {key.value} is there twice; leave one out")
    return key.value


def flat(record: dict[str, object], place: Place) -> dict[str, object]:
    """Give a record, whose fields may hold neither lists nor records."""
    for value in record.values():
        if value is not None and type(value) not in SCALARS:
            raise failure(place, f"a field holds a number, a text, or true or false, not {kind_of(value)}")
    return record


def comprehension(context: Context, node: ast.expr) -> Code:
    """Compile [element for item in items if condition], one level deep; each item costs its parts' steps."""
    if context.in_comprehension:
        return context.refuse(
            node, "a list comprehension holds no other; give the inner one a name on a line above"
        )
    listing = cast("ast.ListComp", node)
    clause = listing.generators[0]
    if len(listing.generators) > 1 or clause.is_async or not isinstance(clause.target, ast.Name):
        return context.refuse(
            node, "a list comprehension has one for with one plain name, as in [x for x in values]"
        )
    context.in_comprehension = True
    try:
        return _comprehension(context, listing, clause.target, clause)
    finally:
        context.in_comprehension = False


def _comprehension(context: Context, node: ast.ListComp, target: ast.Name, clause: ast.comprehension) -> Code:
    items = context.of_kind(clause.iter, Kind.LIST, "for")
    context.facts.learn(items.slot, Kind.LIST)
    if target.id in context.functions:
        context.refuse(target, f"{target.id} is a function; choose another name")
    shadowed = context.names.get(target.id)
    slot = context.names[target.id] = context.new_slot()
    mark = context.facts.mark()
    context.facts.learn(slot, Kind.ANY)  # no item is without a value
    conditions = [context.condition(condition, "if") for condition in clause.ifs]
    element = context.expression(node.elt)
    if element.kind is Kind.LIST:
        context.refuse(node.elt, _NO_NESTING)
    context.facts.back_to(mark)
    if shadowed is None:
        del context.names[target.id]
    else:
        context.names[target.id] = shadowed
    cost = 1 + element.cost + sum(condition.cost + 1 for condition in conditions)
    context.program.most_steps += MAX_ITEMS * cost
    place = context.place(node)
    each = f"{context.program.use(items_of)}(f,{items.text},{cost},{place})"
    tests = "".join(f" if {condition.text}" for condition in conditions)
    selected = f"[{element.text} for v{slot} in {each}{tests}]"
    if element.proved in _SURE_ITEMS:
        text = f"{context.program.use(tuple)}({selected})"
    else:
        text = f"{context.program.use(listed)}({selected},{place})"
    return Code(text, Kind.LIST, items.cost + 1)


def items_of(budget: Budget, items: object, cost: int, place: Place) -> tuple[object, ...]:
    """Give the items of what must be a list, when the steps for all of them are paid."""
    if type(items) is not tuple:
        raise failure(place, f"for needs {Kind.LIST}, not {kind_of(items)}")
    # Paid before the first item: the budget then ends a run before the work is done, not after.
    spend(budget, len(items) * cost, place)
    return items


class Index(NamedTuple):
    """One index in the script: what is said when the list is empty, and where it stands."""

    absent: str
    place: Place


def index(context: Context, node: ast.expr) -> Code:
    """Compile values[0]; values[-1] is the last one. Nothing is in an empty list: not computable."""
    subscript = cast("ast.Subscript", node)
    if isinstance(subscript.slice, ast.Constant) and isinstance(subscript.slice.value, str):
        return context.refuse(node, "a field is read with a dot, as in bp.systolic")
    items = context.of_kind(subscript.value, Kind.LIST, "an index")
    position = context.of_kind(subscript.slice, Kind.NUMBER, "an index")
    absent = f"no value for {path_of(subscript.value) or 'an item of an empty list'}"
    this = context.program.constant(Index(absent, context.place(node)))
    among = items.text
    if items.proved is not Kind.LIST and not position.is_literal:
        # Asked before the position is read: which of two faults is told must not depend on how this is compiled.
        among = f"{context.program.use(indexed)}({among},{this})"
    context.facts.learn(items.slot, Kind.LIST)
    text = f"{context.program.use(item_at)}({among},{position.text},{this})"
    return Code(text, Kind.ANY, items.cost + position.cost + 1)


def indexed(items: object, this: Index) -> tuple[object, ...]:
    """Give what must be a list."""
    if type(items) is not tuple:
        raise failure(this.place, f"an index needs {Kind.LIST}, not {kind_of(items)}")
    return items


def item_at(items: object, position: object, this: Index) -> object:
    """Give the item at a position of what must be a list; negative ones count from its end."""
    among = indexed(items, this)
    if type(position) is not int:
        raise failure(this.place, "an index is a whole number")
    if not among:
        raise NotComputable(this.absent)
    if not -len(among) <= position < len(among):
        raise failure(this.place, "the list has no item at this index")
    return among[position]
