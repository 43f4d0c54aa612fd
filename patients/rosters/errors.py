"""Why a roster cannot be taken."""


class RosterConflictError(Exception):
    """Another roster of the submitter stands in the way; nothing was stored. `code` is a stable word for machines."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)
