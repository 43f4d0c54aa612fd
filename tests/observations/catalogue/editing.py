"""Editing the catalogue, for its tests."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from clinical_engine.common.errors import RefusedError
from observations.catalogue import Entry, catalogue
from observations.catalogue.content import Answered, Contained, Content, content_of
from observations.catalogue.services import change_code, create_code
from observations.models import Code, CodeSystem, ValueKind

REASON = "ticket 30: a new device"
PEAK_FLOW = Content(CodeSystem.LOINC, "19935-6", "Peak flow", ValueKind.QUANTITY, units=("L/min", "mL/s"))
MOOD = Content(
    CodeSystem.OWN,
    "mood",
    "Mood",
    ValueKind.CODED,
    answers=(Answered("good", "Good"), Answered("bad", "Bad")),
)
ROUND = Content(
    CodeSystem.OWN,
    "morning-round",
    "Morning round",
    ValueKind.COMPONENTS,
    parts=(Contained("8867-4"), Contained("44250-9", is_required=False)),
)


def add(content: Content, actor: User | None = None) -> Code:
    return create_code(actor=actor, content=content, reason=REASON)


def edit(code: str, actor: User | None = None, /, **changed: Any) -> bool:
    """Change some of what a code says now."""
    row = Code.objects.get(code=code)
    now = content_of(row)
    return change_code(
        actor=actor, code_id=row.pk, content=replace(now, **changed), seen=now.mark, reason=REASON
    )


def entry(code: str) -> Entry:
    return catalogue().by_code[code]


def refused(act: Any, *arguments: Any, **named: Any) -> dict[str, str]:
    """Why it is refused: the code of the refusal, by field."""
    with pytest.raises(RefusedError) as caught:
        act(*arguments, **named)
    return {refusal.field: refusal.code for refusal in caught.value.refusals}
