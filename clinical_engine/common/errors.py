"""Errors that a caller caused and can mend. Their texts name fields and limits, never a value that was sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one field of one thing that was sent cannot be accepted.

    `field` is the name the caller used, `code` a stable machine-readable word, `message` a sentence for people.
    """

    field: str
    code: str
    message: str


class RefusedError(Exception):
    """What was sent cannot be accepted; nothing of it was stored."""

    def __init__(self, *refusals: Refusal) -> None:
        self.refusals = refusals
        super().__init__("; ".join(f"{refusal.field}: {refusal.message}" for refusal in refusals))


class ClientIdConflictError(Exception):
    """The client's own id was used before with other content; the first content stands."""

    def __init__(self) -> None:
        super().__init__("This client_id was used before with other content. The first content stands.")


class NotAllowedNowError(Exception):
    """The state of things does not permit the action; nothing was changed."""
