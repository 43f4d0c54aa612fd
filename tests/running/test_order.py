"""In which order the tests' files begin."""

from itertools import groupby

import pytest

from tests.conftest import LONGEST_FILES


def test_the_longest_files_are_there_and_begin_first(request: pytest.FixtureRequest) -> None:
    assert [path for path in LONGEST_FILES if not path.is_file()] == []
    begun = [path for path, _ in groupby(item.path for item in request.session.items)]
    longest = [path for path in LONGEST_FILES if path in begun]
    assert begun[: len(longest)] == longest
    assert len(begun) == len(set(begun)), "a file was taken apart"
