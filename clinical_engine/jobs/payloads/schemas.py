"""A payload's schema, for people: its fields, what each must be, and which may be left out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
from msgspec import inspect

from clinical_engine.jobs.payloads.faults import WORDS

_SIMPLE: dict[type[inspect.Type], str] = {
    inspect.IntType: WORDS["int"],
    inspect.FloatType: WORDS["float"],
    inspect.StrType: WORDS["str"],
    inspect.BoolType: WORDS["bool"],
    inspect.NoneType: WORDS["null"],
    inspect.UUIDType: WORDS["uuid"],
    inspect.DateTimeType: "a time, as 2026-03-10T12:00:00Z",
    inspect.DateType: "a date, as 2026-03-10",
    inspect.DecimalType: "a number as text",
    inspect.AnyType: "anything",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its path from the payload's top, such as 'range.since'; parts of lists are 'ids[]'."""

    path: str
    must_be: str
    required: bool


def fields_of(schema: type[msgspec.Struct]) -> list[Field]:
    """All fields of a schema, those of nested objects after the object."""
    described = inspect.type_info(schema)
    return list(_fields(described, "")) if isinstance(described, inspect.StructType) else []


def _fields(described: inspect.StructType, path: str) -> Iterator[Field]:
    for field in described.fields:
        own = f"{path}{field.encode_name}"
        yield Field(own, _must_be(field.type), field.required)
        yield from _nested(field.type, own)


def _nested(described: inspect.Type, path: str) -> Iterator[Field]:
    match described:
        case inspect.StructType():
            yield from _fields(described, f"{path}.")
        case inspect.ListType(item_type=item):
            yield from _nested(item, f"{path}[]")
        case inspect.UnionType(types=types):
            for each in types:
                yield from _nested(each, path)
        case _:
            return


def _must_be(described: inspect.Type) -> str:
    if words := _SIMPLE.get(type(described)):
        return words
    for type_, describe in _COMPOUND:
        if isinstance(described, type_):
            return describe(described)
    return type(described).__name__.removesuffix("Type").lower()


def _one_of(described: inspect.LiteralType | inspect.EnumType) -> str:
    values = (
        described.values
        if isinstance(described, inspect.LiteralType)
        else [each.value for each in described.cls]
    )
    return f"one of {', '.join(map(str, values))}"


_COMPOUND: tuple[tuple[type[inspect.Type], Callable[..., str]], ...] = (
    (inspect.StructType, lambda _: WORDS["object"]),
    (inspect.ListType, lambda each: f"a list, each {_must_be(each.item_type)}"),
    (
        inspect.DictType,
        lambda each: f"an object that gives for {_must_be(each.key_type)} {_must_be(each.value_type)}",
    ),
    (inspect.UnionType, lambda each: " or ".join(map(_must_be, each.types))),
    (inspect.LiteralType, _one_of),
    (inspect.EnumType, _one_of),
)
