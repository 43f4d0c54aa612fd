import io
import logging
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from clinical_engine.common.logs import ValueFreeFormatter


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged from now on, formatted as the engine formats it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(ValueFreeFormatter("%(levelname)s %(name)s %(message)s"))
    # Django's own logger does not hand on to the root.
    loggers = [logging.getLogger(), logging.getLogger("django")]
    for logger in loggers:
        logger.addHandler(handler)
    yield written
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.fixture
def profiled(settings: Settings) -> None:
    """Every request is recorded by silk."""
    settings.PROFILED_SHARE = 1
