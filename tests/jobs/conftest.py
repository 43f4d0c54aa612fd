from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from clinical_engine.jobs import failures, registry
from tests.jobs.support import Numbered, RegisterKind

_number = count(1)


@pytest.fixture(autouse=True)
def patient_after_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has failed in this process is not due again by itself, however slow the machine is."""
    monkeypatch.setattr(failures, "_FIRST_WAIT", timedelta(minutes=5))


@pytest.fixture
def new_kind() -> Iterator[RegisterKind]:
    """Registers job kinds for one test."""
    names: list[str] = []

    def register(handler: registry.Handler, **options: object) -> registry.JobKind:
        fields = {"name": f"kind-{next(_number)}", "schema": Numbered, **options}
        kind = registry.JobKind(handler=handler, **fields)  # type: ignore[arg-type]
        registry.register(kind)
        names.append(kind.name)
        return kind

    yield register
    for name in names:
        del registry._kinds[name]
