"""How much a benchmark measures."""

import os


def size(name: str, usual: int) -> int:
    """The usual size, unless the environment names another: smaller, for trying out."""
    return int(os.environ.get(name, str(usual)))
