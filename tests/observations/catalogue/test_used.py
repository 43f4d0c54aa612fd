"""What stored readings have stays in the catalogue, so that they stay readable; what none has can be taken out."""

from dataclasses import replace
from decimal import Decimal

import pytest

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.errors import NotAllowedNowError
from observations.catalogue import catalogue, usage
from observations.catalogue.content import Answered, Contained
from observations.catalogue.services import remove_code
from observations.models import Code
from observations.readings import Component, Reading
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from tests import factories
from tests.admin.world import record
from tests.observations.catalogue.editing import MOOD, PEAK_FLOW, REASON, ROUND, add, edit, entry, refused
from tests.observations.scripts.writing import WEIGHT, content, draft, reads

pytestmark = pytest.mark.django_db


def send(code: str, value: object, unit: str | None = None, **fields: object) -> None:
    """Take in one reading."""
    record(
        factories.organisation(),
        Reading("r-1", "p", code, value, unit, factories.NOON, None, **fields),  # type: ignore[arg-type]
    )


def remove(code: str) -> None:
    remove_code(actor=None, code_id=Code.objects.get(code=code).pk, reason=REASON)


def test_a_unit_that_a_reading_has_stays_and_another_goes() -> None:
    send("29463-7", Decimal(150), "[lb_av]")
    assert refused(edit, "29463-7", units=("kg", "g")) == {"units": "used"}
    assert edit("29463-7", units=("kg", "[lb_av]"))
    assert list(entry("29463-7").units) == ["kg", "[lb_av]"]


def test_a_unit_that_a_reading_in_conflict_has_stays() -> None:
    owner = factories.organisation()
    for unit in ("kg", "g"):
        record(owner, Reading("r-1", "p", "29463-7", Decimal(70), unit, factories.NOON, None))
    assert refused(edit, "29463-7", units=("kg", "[lb_av]")) == {"units": "used"}


def test_a_unit_that_a_component_has_stays() -> None:
    add(replace(ROUND, parts=(Contained("29463-7"),)))
    send("morning-round", (Component("29463-7", Decimal(70000), "g"),))
    assert refused(edit, "29463-7", units=("kg", "[lb_av]")) == {"units": "used"}
    assert edit("29463-7", units=("kg", "g"))


def test_an_answer_that_was_given_stays_and_another_goes() -> None:
    add(MOOD)
    send("mood", "bad")
    assert refused(edit, "mood", answers=(Answered("good", "Good"),)) == {"answers": "used"}
    assert edit("mood", answers=(Answered("bad", "Not good", Decimal(1)),))


def test_an_answer_that_was_given_in_a_questionnaire_stays() -> None:
    add(replace(ROUND, parts=(Contained("44250-9"),)))
    send("morning-round", (Component("44250-9", "LA6568-5", None),))
    left = tuple(Answered(f"LA{number}", "Text") for number in (1, 2))
    assert refused(edit, "44250-9", answers=left) == {"answers": "used"}


def test_a_part_that_readings_have_stays_but_can_be_made_optional() -> None:
    add(ROUND)
    send("morning-round", (Component("8867-4", Decimal(60), "/min"),))
    assert refused(edit, "morning-round", parts=(Contained("44250-9"),)) == {"parts": "used"}
    assert edit("morning-round", parts=(Contained("8867-4", is_required=False), Contained("9279-1")))
    assert list(entry("morning-round").parts) == ["8867-4", "9279-1"]


def test_what_cannot_be_told_in_time_counts_as_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_USED", "SELECT pg_sleep(5)")
    monkeypatch.setattr(usage, "_PATIENCE_MS", 20)
    assert refused(edit, "29463-7", units=("kg", "g")) == {"units": "not_known"}


def test_a_code_that_nothing_has_is_removed_with_its_trail() -> None:
    code = add(PEAK_FLOW)
    remove("19935-6")
    assert "19935-6" not in catalogue().by_code
    gone = AuditEntry.objects.get(action="code.remove")
    assert (gone.target_id, gone.reason, gone.details) == (str(code.pk), REASON, {"code": "19935-6"})
    add(replace(PEAK_FLOW, units=("mL/s",)))
    assert list(entry("19935-6").units) == ["mL/s"]


def test_a_code_that_a_reading_has_stays() -> None:
    add(MOOD)
    send("mood", "bad")
    with pytest.raises(NotAllowedNowError, match="Stored readings"):
        remove("mood")
    assert list(entry("mood").answers) == ["good", "bad"]


def test_a_code_that_is_a_part_stays() -> None:
    with pytest.raises(NotAllowedNowError, match="part of Blood pressure"):
        remove("8480-6")


def test_a_code_that_a_script_reads_stays() -> None:
    install_library(scripts=[GLUCOSE_7D])
    with pytest.raises(NotAllowedNowError, match="The script Glucose over 7 days"):
        remove("2339-0")


def test_a_unit_in_which_a_script_wants_its_readings_stays() -> None:
    draft("in-grams", content("result = weight", {"weight": reads(WEIGHT, unit="g")}))
    assert refused(edit, WEIGHT, units=("kg", "[lb_av]")) == {"units": "read"}
    assert edit(WEIGHT, units=("kg", "g"))


def test_a_computed_code_stays() -> None:
    with pytest.raises(NotAllowedNowError, match="computed"):
        remove("glucose-7d")
