"""One way of linking so many patients, in a process of its own: `python -m tests.benchmarks.association.ways WAY NUMBER`.

Prints what it cost, as JSON. `prepare` makes Django's tables.
"""

import json
import os
import resource
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402 - once the settings are there
from django.db.models.signals import m2m_changed  # noqa: E402

from tests.benchmarks.association import rostering  # noqa: E402
from tests.benchmarks.association.django_own.models import Person, Programme  # noqa: E402
from tests.benchmarks.memory import Growth  # noqa: E402

LIMIT_GIGABYTES = 4


@dataclass
class Cost:
    """Seconds, MB by which the client grew, and of all its statements the most parameters, the most values in them, the most bytes.

    A list is one parameter of many values, and so is the text of an array.
    """

    seconds: float = 0.0
    megabytes: float = 0.0
    parameters: int = 0
    values: int = 0
    statement_bytes: int = 0

    def look(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,  # noqa: FBT001 - as Django calls it
        context: Mapping[str, Any],
    ) -> Any:
        """Have a statement executed, and remember how large it was."""
        try:
            return execute(sql, params, many, context)
        finally:
            given = list(params.values() if isinstance(params, Mapping) else params or ())
            self.parameters = max(self.parameters, len(given))
            self.values = max(self.values, sum(map(_values_in, given)))
            self.statement_bytes = max(self.statement_bytes, len(context["cursor"].cursor.query or b""))


def _values_in(parameter: object) -> int:
    if isinstance(parameter, list | tuple):
        return len(parameter)
    if isinstance(parameter, str) and parameter.startswith("{"):
        return parameter.count(",") + 1
    return 1


@contextmanager
def _measured() -> Iterator[Cost]:
    cost, growth = Cost(), Growth([os.getpid()])
    with connection.execute_wrapper(cost.look):
        started = perf_counter()
        yield cost
        cost.seconds = perf_counter() - started
    cost.megabytes = growth.megabytes()


def _people(number: int) -> list[Any]:
    return list(Person.objects.order_by("pk").values_list("pk", flat=True)[:number])


def add(number: int) -> Cost:
    """`add` of so many who are not linked."""
    people, programme = _people(number), Programme.objects.get()
    with _measured() as cost:
        programme.patients.add(*people)
    return cost


def add_heard(number: int) -> Cost:
    """The same with a receiver that wants to hear of it."""
    m2m_changed.connect(_hear, sender=Programme.patients.through)
    return add(number)


def _hear(**_: object) -> None:
    """Do nothing: that somebody listens makes the difference."""


def set_(number: int) -> Cost:
    """`set` of so many, of whom one in a hundred is not linked; as many others are."""
    people, programme = _people(number + number // 100), Programme.objects.get()
    with _measured() as cost:
        programme.patients.set(people[number // 100 :])
    return cost


def filter_(number: int) -> Cost:
    """Counting so many by `filter(id__in=...)`."""
    people = _people(number)
    with _measured() as cost:
        Person.objects.filter(id__in=people).count()
    return cost


def roster(number: int) -> Cost:
    """A roster of so many who are not linked."""
    with _measured() as cost:
        rostering.receive_and_apply(range(1, number + 1))
    return cost


def roster_again(number: int) -> Cost:
    """A roster of so many, of whom one in a hundred is not linked; as many others are."""
    rostering.receive_and_apply(range(1, number + 1))
    with _measured() as cost:
        rostering.receive_and_apply(range(1 + number // 100, number + 1 + number // 100))
    return cost


def dry_run(number: int) -> Cost:
    """A dry run of a roster of so many, all of whom are linked."""
    rostering.receive_and_apply(range(1, number + 1))
    with _measured() as cost:
        rostering.receive_and_apply(range(1, number + 1), dry_run=True)
    return cost


WAYS = {
    "add": add,
    "add_heard": add_heard,
    "set": set_,
    "filter": filter_,
    "roster": roster,
    "roster_again": roster_again,
    "dry_run": dry_run,
}


def _prepare() -> None:
    with connection.schema_editor() as editor:
        for model in (Person, Programme):
            editor.create_model(model)


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments say."""
    if arguments[0] == "prepare":
        _prepare()
        return
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_GIGABYTES * 2**30,) * 2)
    print(json.dumps(asdict(WAYS[arguments[0]](int(arguments[1])))))


if __name__ == "__main__":
    main(sys.argv[1:])
