"""The values of a composed reading as they are stored: PostgreSQL keeps them in an order of its own."""

from collections.abc import Iterable, Mapping
from typing import Any

from observations.catalogue import Catalogue


def in_order(
    components: Mapping[str, Mapping[str, Any]], code_id: int, codes: Catalogue
) -> list[tuple[str, Mapping[str, Any]]]:
    """Each part's code and value, in the order that the catalogue has for the reading's code; those it no longer has come last."""
    return in_order_of(codes.by_id[code_id].parts, components)


def in_order_of(
    parts: Iterable[str], components: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any]]]:
    """The same, for who knows the codes of the parts in their order."""
    places = {code: place for place, code in enumerate(parts)}
    return sorted(components.items(), key=lambda item: places.get(item[0], len(places)))
