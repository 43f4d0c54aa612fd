"""The parameters of a request, as strict as its body: what is passed over would show, or do, what was not asked for."""

from collections.abc import Collection, Iterator

from django.http import QueryDict

from clinical_engine.common.errors import Refusal, RefusedError

_LONGEST_FIELD = 128
TWICE = "twice"
TAKEN_ONCE = "Is taken once."


def check_parameters(query: QueryDict, known: Collection[str]) -> None:
    """Raise RefusedError when there is a parameter that is not among the known ones, or one of these stands there twice."""
    if refusals := [*_refusals(query, known)]:
        raise RefusedError(*refusals)


def unknown_parameters(query: QueryDict, known: Collection[str]) -> Iterator[Refusal]:
    """Those that are not among the known ones."""
    for name in sorted(query.keys() - set(known)):
        yield Refusal(name[:_LONGEST_FIELD], "unknown_parameter", "There is no such parameter.")


def _refusals(query: QueryDict, known: Collection[str]) -> Iterator[Refusal]:
    yield from unknown_parameters(query, known)
    for name in sorted(query.keys() & set(known)):
        if len(query.getlist(name)) > 1:
            yield Refusal(name, TWICE, TAKEN_ONCE)
