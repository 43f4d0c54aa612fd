"""What the simulated vitals app says, and what became of each thing it said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

Value = Decimal | bool | str


class Progress(Enum):
    """How far an action has come."""

    PLANNED = "planned"
    SENT = "sent"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"


class Wanted(Enum):
    """Which answer an action must get."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Single:
    """One value: its code, what is sent, and the number that the engine must make of it in its own unit."""

    code: str
    value: Value
    unit: str | None = None
    canonical: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Its members in a request."""
        unit = {} if self.unit is None else {"unit": self.unit}
        return {"code": self.code, "value": self.value, **unit}


@dataclass(frozen=True, slots=True)
class Composed:
    """A reading of several values."""

    code: str
    parts: Sequence[Single]

    def as_json(self) -> dict[str, Any]:
        """Its members in a request."""
        return {"code": self.code, "components": [part.as_json() for part in self.parts]}


Content = Single | Composed


@dataclass(eq=False, kw_only=True, slots=True)
class Action:
    """One thing to say, `due` seconds after the start, and not before what it `needs` has been answered."""

    patient: "Patient"
    client_id: str
    due: float
    needs: "Action | None" = None
    progress: Progress = Progress.PLANNED
    was_resent: bool = False
    """Whether it was sent more than once since no answer came: then the first one may have been stored."""
    outcome: str = ""
    """As the engine answered."""


@dataclass(eq=False, kw_only=True, slots=True)
class Statement(Action):
    """That the patient is active, or inactive, since a time."""

    active: bool
    effective_at: datetime
    wanted: Wanted = Wanted.STORED
    is_shown: bool = False
    """Whether the patient was seen linked by it."""


@dataclass(eq=False, kw_only=True, slots=True)
class Reading(Action):
    """One measurement; `refusal` is the (field, code) with which it must be refused."""

    content: Content
    measured_at: datetime
    is_implausible: bool = False
    replaces: str | None = None
    wanted: Wanted = Wanted.STORED
    refusal: tuple[str, str] | None = None
    repeats: "Reading | None" = None
    """The reading whose client id it has, of a duplicate or a conflict."""
    measurement: str | None = None
    """The engine's id of it."""

    def as_json(self) -> Mapping[str, Any]:
        """The item of a request."""
        replaces = {} if self.replaces is None else {"replaces": self.replaces}
        return {
            "client_id": self.client_id,
            "external_id": self.patient.external_id,
            "measured_at": self.measured_at.isoformat(),
            **self.content.as_json(),
            **replaces,
        }


@dataclass(eq=False, kw_only=True, slots=True)
class Retraction(Action):
    """That a reading was entered in error; `client_id` is that reading's. `by_id` names it by the engine's id."""

    target: Reading
    by_id: bool = False


@dataclass(eq=False, slots=True)
class Patient:
    """One patient with all that is said of it, and the id that the engine gave it."""

    external_id: str
    actions: list[Action] = field(default_factory=list)
    id: str | None = None

    @property
    def statements(self) -> list[Statement]:
        """Those that must have been stored."""
        return [
            action
            for action in self.actions
            if isinstance(action, Statement) and action.wanted is Wanted.STORED
        ]

    @property
    def readings(self) -> list[Reading]:
        """Those that must have been stored."""
        return [
            action
            for action in self.actions
            if isinstance(action, Reading) and action.wanted is Wanted.STORED
        ]

    @property
    def retractions(self) -> list[Retraction]:
        """What was said of its readings."""
        return [action for action in self.actions if isinstance(action, Retraction)]
