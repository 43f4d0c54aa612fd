"""What the fields of rows suggest: the codes of the catalogue and the names of scripts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from observations.catalogue.entries import Entry
from observations.catalogue.reading import catalogue
from observations.models import ObservationScript

MEASURED = "codes-measured"
COMPUTED = "codes-computed"
SCRIPTS = "scripts"


class Suggestion(NamedTuple):
    """What is put into the field, and the words that it is found by."""

    value: str
    text: str


def suggestions() -> Mapping[str, Sequence[Suggestion]]:
    """By the name of the list on the page. At most two queries."""
    entries = sorted(catalogue().by_code.values(), key=lambda entry: entry.display)
    names = ObservationScript.objects.order_by("title").values_list("name", "title")
    return {
        MEASURED: [Suggestion(entry.code, entry.display) for entry in entries if not entry.is_computed],
        COMPUTED: [Suggestion(entry.code, entry.display) for entry in entries if entry.is_computed],
        SCRIPTS: [Suggestion(*name) for name in names],
    }


def catalogue_for_page() -> Mapping[str, Mapping[str, object]]:
    """By code: what the scripts of the page want to know of it."""
    return {code: _about(entry) for code, entry in catalogue().by_code.items()}


def _about(entry: Entry) -> Mapping[str, object]:
    return {"name": entry.display, "kind": entry.kind, "units": [*entry.units], "parts": [*entry.parts]}
