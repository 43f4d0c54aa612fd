"""Units that nobody takes, by the thousand: UCUM is asked about few of them."""

from collections import Counter

from observations.catalogue import units
from observations.catalogue.units import NEW_UNITS_A_MINUTE
from tests.api.bodies import post
from tests.api.contract import DescribedClient
from tests.api.test_units import body
from tests.factories import Caller
from tests.processor import within


def test_a_thousand_units_that_nobody_takes_are_answered_at_once(
    api: DescribedClient, caller: Caller
) -> None:
    sent = [("29463-7", "70", f"kg{{a{number}}}") for number in range(999)]
    # What the first unit of all costs a process is not what is bounded here.
    units.is_known("kg")
    with within(5):
        answer = post(api, "measurements", body(caller, *sent, ("29463-7", "70", "kg")))
    reasons = Counter(error["code"] for error in answer.json()["errors"])
    assert reasons == {"wrong_unit": NEW_UNITS_A_MINUTE, "unit_not_taken": 999 - NEW_UNITS_A_MINUTE}
    assert answer.json()["results"][-1]["outcome"] == "held"
    again = post(api, "measurements", body(caller, sent[0]))
    assert [error["code"] for error in again.json()["errors"]] == ["wrong_unit"]
