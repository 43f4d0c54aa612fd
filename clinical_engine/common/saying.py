"""What a long command says where no terminal redraws a line."""

from io import TextIOBase


class NewLines:
    """Writes a line whenever there is something new to say."""

    def __init__(self, output: TextIOBase) -> None:
        self._output, self._last = output, ""

    def say(self, *parts: str) -> None:
        """Write those of the parts that are not empty, unless just that was written last."""
        text = "; ".join(filter(None, parts))
        if text != self._last:
            self._output.write(f"{text}\n")
            self._last = text
