"""Telling bodies in which a key may stand twice from all others, in the time that it takes to count."""

from collections.abc import Sequence
from decimal import Decimal

from observations.readings import Component, NoValue, Reading, Unread

# A text, or a key, has two. The frame has two keys and a text; a reading has five keys (`components` in place of `value`), of
# which four stand for texts; a component has two, of which `code` stands for one.
_FRAME, _READING, _COMPONENT = 6, 18, 6
_KEY_AND_TEXT, _TEXT = 4, 2


def may_repeat_a_key(body: bytes, readings: Sequence[Reading | Unread]) -> bool:
    """Whether the body of which these are all readings may have a key twice; one that has is never passed over.

    A key that stands twice brings two quotes at least, and nothing takes any away. Beside such bodies it says yes of those with a
    quote within a text, a field that is null, a value that is none, or a reading that cannot be read: whether one of their keys
    stands there twice is to be looked up.
    """
    return body.count(b'"') != _FRAME + sum(map(_quotes, readings))


def _quotes(reading: Reading | Unread) -> int:
    if isinstance(reading, Unread):
        return 0
    quotes = _READING
    if reading.unit is not None:
        quotes += _KEY_AND_TEXT
    if reading.replaces is not None:
        quotes += _KEY_AND_TEXT
    value = reading.value
    if isinstance(value, Decimal):
        # What nearly all are.
        return quotes
    if isinstance(value, tuple):
        return quotes + sum(map(_quotes_of_component, value))
    if isinstance(value, NoValue):
        # Its key may not be there, and another one twice in its place.
        return 0
    return quotes + _TEXT if isinstance(value, str) else quotes


def _quotes_of_component(component: Component) -> int:
    quotes = _COMPONENT
    if component.unit is not None:
        quotes += _KEY_AND_TEXT
    return quotes + _TEXT if isinstance(component.value, str) else quotes
