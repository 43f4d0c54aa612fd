"""What can never work with the declared inputs is refused when a version is saved."""

from typing import Any

import pytest

from clinical_engine.common.errors import RefusedError
from observations.catalogue import catalogue
from observations.engine import Kind
from observations.scripts.content import check
from observations.scripts.declarations import declared_inputs
from observations.scripts.kinds import kinds_of
from observations.scripts.library import LIBRARY
from tests.observations.scripts.writing import PULSE, content, reads, reads_script

pytestmark = pytest.mark.django_db
AVPU = "80288-4"


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        (reads(PULSE), Kind.NUMBER),
        (reads(PULSE, missing="none"), Kind.NUMBER),
        (reads(PULSE, missing="default", default=60), Kind.NUMBER),
        (reads(PULSE, missing="default", default="none"), None),
        (reads(PULSE, "all_within"), Kind.LIST),
        (reads(AVPU), Kind.TEXT),
        (reads("supplemental-oxygen"), Kind.BOOLEAN),
        (reads("85354-9", fields={"systolic": "8480-6"}), Kind.RECORD),
        ({"fact": "sex"}, Kind.TEXT),
        ({"fact": "age"}, Kind.NUMBER),
        (reads_script("bmi"), None),
        (reads_script("bmi", "all_within"), Kind.LIST),
        (reads("1-1"), None),
    ],
)
def test_a_declaration_tells_the_kind_of_its_values(declared: dict[str, Any], kind: Kind | None) -> None:
    assert kinds_of(declared_inputs({"x": declared}), catalogue()).get("x") is kind


def test_text_where_a_number_is_needed_is_refused_with_its_place() -> None:
    written = content("result = avpu + 1", {"avpu": reads(AVPU)})
    with pytest.raises(RefusedError) as refused:
        check("odd", written)
    assert [(one.field, one.message) for one in refused.value.refusals] == [
        ("line 1, column 10", "+ needs a number, not text")
    ]


def test_an_input_that_may_be_missing_is_asked_for_none() -> None:
    check("odd", content("result = 0 if pulse is None else pulse", {"pulse": reads(PULSE, missing="none")}))


def test_most_inputs_of_the_library_are_of_a_known_kind() -> None:
    kinds = [kinds_of(declared_inputs(one.inputs), catalogue()) for one in LIBRARY]
    assert sum(map(len, kinds)) > 0.8 * sum(len(one.inputs) for one in LIBRARY)
