class CannotRunError(Exception):
    """The engine cannot start or go on; the text is the one sentence a person is shown."""


class AlreadyRunningError(CannotRunError):
    """Another live process holds the folder; `holder` is what it wrote about itself."""

    def __init__(self, message: str, holder: str) -> None:
        super().__init__(message)
        self.holder = holder
