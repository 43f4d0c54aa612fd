"""Lists, records, list comprehensions and the index."""

import ast
import re
from typing import Final, NamedTuple, cast

from observations.engine.code import Code, Frame, Place, Run, charge, constant, failure
from observations.engine.context import Context
from observations.engine.errors import NotComputable
from observations.engine.leaves import path_of
from observations.engine.limits import MAX_FIELDS, MAX_ITEMS, MAX_NAME
from observations.engine.values import ITEMS, SCALARS, Kind, kind_of

_FIELD_NAME: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{MAX_NAME - 1}}}")
_NO_NESTING: Final = "a list holds numbers, texts, true or false, or records, not lists"


def list_display(context: Context, node: ast.expr) -> Code:
    """Compile [a, b, c]. A list of plain literals is made once."""
    elements = cast("ast.List", node).elts
    if len(elements) > MAX_ITEMS:
        return context.refuse(node, f"a list has at most {MAX_ITEMS:,} items")
    codes = [_item(context, element) for element in elements]
    runs = [code.run for code in codes]
    if all(code.literal for code in codes):
        return constant(tuple(run([]) for run in runs), Kind.LIST, cost=1)
    collect = _collected(runs, context.place(node))
    return Code(collect, Kind.LIST, sum(code.cost for code in codes) + len(codes) + 1)


def _item(context: Context, node: ast.expr) -> Code:
    code = context.expression(node)
    return context.refuse(node, _NO_NESTING) if code.kind is Kind.LIST else code


def _collected(runs: list[Run], place: Place) -> Run:
    def collect(frame: Frame) -> tuple[object, ...]:
        items = tuple([run(frame) for run in runs])
        _check_items(items, place)
        return items

    return collect


def _check_items(items: tuple[object, ...], place: Place) -> None:
    # A list in a list would let twenty lines build what takes 2 ** 20 steps to compare and to store.
    if not ITEMS.issuperset(map(type, items)):
        raise failure(place, _NO_NESTING)


def record_display(context: Context, node: ast.expr) -> Code:
    """Compile {"score": score, "risk": risk}: a flat record, whose fields may be None."""
    record = cast("ast.Dict", node)
    if len(record.keys) > MAX_FIELDS:
        return context.refuse(node, f"a record has at most {MAX_FIELDS} fields")
    fields: dict[str, Run] = {}
    cost = 1
    for key, value in zip(record.keys, record.values, strict=True):
        code = context.optional(value)
        if code.kind in (Kind.LIST, Kind.RECORD):
            context.refuse(value, f"a field holds a number, a text, or true or false, not {code.kind}")
        fields[_field_name(context, record, key, fields)] = code.run
        cost += code.cost + 1
    return Code(_filled(fields, context.place(node)), Kind.RECORD, cost)


def _field_name(context: Context, record: ast.Dict, key: ast.expr | None, taken: dict[str, Run]) -> str:
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


def _filled(fields: dict[str, Run], place: Place) -> Run:
    def fill(frame: Frame) -> dict[str, object]:
        record = {name: run(frame) for name, run in fields.items()}
        for value in record.values():
            if value is not None and type(value) not in SCALARS:
                raise failure(
                    place, f"a field holds a number, a text, or true or false, not {kind_of(value)}"
                )
        return record

    return fill


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


class _Selection(NamedTuple):
    """What a comprehension does with each item, which stands in place `slot` of the frame, and its cost."""

    slot: int
    conditions: tuple[Run, ...]
    element: Run
    cost: int
    place: Place


def _comprehension(context: Context, node: ast.ListComp, target: ast.Name, clause: ast.comprehension) -> Code:
    items = context.of_kind(clause.iter, Kind.LIST, "for")
    if target.id in context.functions:
        context.refuse(target, f"{target.id} is a function; choose another name")
    shadowed = context.names.get(target.id)
    slot = context.names[target.id] = context.new_slot()
    conditions = [context.condition(condition, "if") for condition in clause.ifs]
    element = _item(context, node.elt)
    if shadowed is None:
        del context.names[target.id]
    else:
        context.names[target.id] = shadowed
    cost = 1 + element.cost + sum(condition.cost + 1 for condition in conditions)
    tests = tuple(condition.run for condition in conditions)
    select = _select(items.run, _Selection(slot, tests, element.run, cost, context.place(node)))
    return Code(select, Kind.LIST, items.cost + 1)


def _select(items: Run, selection: _Selection) -> Run:
    slot, conditions, element, cost, place = selection

    def select(frame: Frame) -> tuple[object, ...]:
        among = items(frame)
        if type(among) is not tuple:
            raise failure(place, f"for needs {Kind.LIST}, not {kind_of(among)}")
        # Paid before the first item: the budget then ends a run before the work is done, not after.
        charge(frame, len(among) * cost, place)
        selected: list[object] = []
        for item in among:
            frame[slot] = item
            for condition in conditions:
                if not condition(frame):
                    break
            else:
                selected.append(element(frame))
        found = tuple(selected)
        _check_items(found, place)
        return found

    return select


def index(context: Context, node: ast.expr) -> Code:
    """Compile values[0]; values[-1] is the last one. Nothing is in an empty list: not computable."""
    subscript = cast("ast.Subscript", node)
    if isinstance(subscript.slice, ast.Constant) and isinstance(subscript.slice.value, str):
        return context.refuse(node, "a field is read with a dot, as in bp.systolic")
    items = context.of_kind(subscript.value, Kind.LIST, "an index")
    position = context.of_kind(subscript.slice, Kind.NUMBER, "an index")
    absent = f"no value for {path_of(subscript.value) or 'an item of an empty list'}"
    run = _item_at(items.run, position.run, absent, context.place(node))
    return Code(run, Kind.ANY, items.cost + position.cost + 1)


def _item_at(items: Run, position: Run, absent: str, place: Place) -> Run:
    def item_at(frame: Frame) -> object:
        among = items(frame)
        if type(among) is not tuple:
            raise failure(place, f"an index needs {Kind.LIST}, not {kind_of(among)}")
        where = position(frame)
        if type(where) is not int:
            raise failure(place, "an index is a whole number")
        if not among:
            raise NotComputable(absent)
        if not -len(among) <= where < len(among):
            raise failure(place, "the list has no item at this index")
        return among[where]

    return item_at
