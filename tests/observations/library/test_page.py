"""docs/scripts-library.md says what the library has."""

import os

from clinical_engine.running.environment import ROOT
from tests.observations.library.page import page

DOCUMENT = ROOT / "docs" / "scripts-library.md"


def test_the_page_shows_every_script_as_it_is() -> None:
    """UPDATE_LIBRARY_PAGE=1 writes the page instead."""
    if os.environ.get("UPDATE_LIBRARY_PAGE"):
        DOCUMENT.write_text(page())
    assert DOCUMENT.read_text() == page()
