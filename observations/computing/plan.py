"""What has to be read, and in which order scripts are computed: worked out once for as long as no script and no code changes."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import TypeAlias
from uuid import UUID

from observations.catalogue import Catalogue, catalogue
from observations.computing.forms import Extract, Form, sources_of
from observations.computing.inputs import Reader, reader
from observations.computing.series import PatientFacts
from observations.computing.times import microseconds
from observations.scripts.declarations import (
    DeclaredInput,
    FactInput,
    How,
    MeasurementInput,
    ScriptInput,
    scripts_read,
)
from observations.scripts.publications import Published, Step, TimeLine, time_lines

# Longer than any patient's history: for what is read since the activation.
SINCE_EVER = timedelta(days=73_000)


class PlannedVersion:
    """A version with its inputs looked up: ready to be run as of any time."""

    def __init__(
        self, published: Published, forms: Mapping[Form, int], script_ids: Mapping[str, str]
    ) -> None:
        self.published = published
        self.id = str(published.version_id)
        self.code_id = published.code_id
        self.is_suspended = published.is_suspended
        self.readers: dict[str, Reader] = {}
        self._forms: list[int] = []
        self._scripts: list[str] = []
        for name, declared in published.inputs.items():
            form = forms[Form.of(declared)] if isinstance(declared, MeasurementInput) else None
            # A script that was never published gives nothing.
            script_id = script_ids.get(declared.script) if isinstance(declared, ScriptInput) else None
            self.readers[name] = reader(name, declared, form, script_id)
            self._forms += [] if form is None else [form]
            self._scripts += [] if script_id is None else [script_id]
        self.is_since_activation = any(
            isinstance(declared, MeasurementInput) and declared.how is How.FIRST_AFTER_ACTIVATION
            for declared in published.inputs.values()
        )
        several = sum(isinstance(declared, MeasurementInput) for declared in published.inputs.values()) > 1
        # Which of the sources is the first since the activation changes with the links; the others may be read all the same.
        self.is_told_by_sources = not (
            (self.is_since_activation and several) or any(map(_depends_on_more, published.inputs.values()))
        )
        """Whether results of the same measurements, facts and other results are always the same."""

    def times(self, facts: PatientFacts, since: int, until: int) -> list[int]:
        """The times with `since <= time < until` as of which a result is due: of its readings, and of the results it reads."""
        found: set[int] = set()
        for form in self._forms:
            times = facts.series[form].times
            found.update(times[bisect_left(times, since) : bisect_left(times, until)])
        for script in self._scripts:
            found.update(given.at for given in facts.results.get(script, ()) if since <= given.at < until)
        return sorted(found)


def _depends_on_more(declared: DeclaredInput) -> bool:
    """Whether an input also depends on the organisation's time zone, or on a score that the catalogue gives an answer."""
    if isinstance(declared, FactInput):
        return declared.fact == "age"
    return isinstance(declared, MeasurementInput) and (declared.timed or bool(declared.take))


Stretch: TypeAlias = tuple[int, int, PlannedVersion]
"""From a time on, until before another, a version is in force."""
_FOR_EVER = 2**62


class PlannedScript:
    """A script with every version that is in force at some time for somebody."""

    def __init__(self, line: TimeLine, versions: Mapping[UUID, PlannedVersion]) -> None:
        self.id = str(line.script_id)
        self.name = line.name
        self._line = line
        self._versions = versions
        self._stretches: dict[UUID, list[Stretch]] = {}

    def stretches(self, organisation_id: UUID) -> list[Stretch]:
        """When which version is in force in an organisation."""
        if organisation_id not in self._stretches:
            self._stretches[organisation_id] = self._planned(self._line.steps(organisation_id))
        return self._stretches[organisation_id]

    def _planned(self, steps: Sequence[Step]) -> list[Stretch]:
        bounds = [*(microseconds(time) for time, _ in steps), _FOR_EVER]
        return [
            (start, end, self._versions[version.version_id])
            for (start, end), (_, version) in zip(pairwise(bounds), steps, strict=True)
            if version is not None
        ]


@dataclass(frozen=True)
class Plan:
    """All scripts that compute anything, those that others read before these."""

    scripts: Sequence[PlannedScript]
    forms: Sequence[Form]
    extracts: Mapping[int, Sequence[tuple[int, Extract]]]
    """By the id of a measurement's code: the number of each form that sees something in it, and how."""
    looks_back: Mapping[int, timedelta]
    """How far before a result readings of a code are read, by its id."""
    results_look_back: Mapping[str, timedelta]
    """The same of the results of each script that others read, by its id."""
    reads_facts: bool
    reads_associations: bool

    @cached_property
    def by_id(self) -> Mapping[str, PlannedScript]:
        """Each script by its id."""
        return {script.id: script for script in self.scripts}


def order_of(reads: Mapping[str, Collection[str]]) -> list[str]:
    """Scripts by name in an order in which each comes after those that it reads. Raises CycleError with the path in `args[1]`."""
    return list(TopologicalSorter(reads).static_order())


def plan_of(lines: Iterable[TimeLine], codes: Catalogue, computed: Collection[str] | None = None) -> Plan:
    """The plan for these time lines. Raises CycleError when a script reads itself by way of others.

    With `computed` those scripts only, by name: what they read of others is taken as it stands.
    """
    known = list(lines)
    by_name = {line.name: line for line in known if computed is None or line.name in computed}
    versions = [version for line in by_name.values() for version in line.versions]
    forms = list(dict.fromkeys(Form.of(declared) for declared in _readings(versions)))
    numbers = {form: number for number, form in enumerate(forms)}
    extracts: dict[int, list[tuple[int, Extract]]] = defaultdict(list)
    for form, number in numbers.items():
        for code_id, extract in sources_of(form, codes):
            extracts[code_id].append((number, extract))
    script_ids = {line.name: str(line.script_id) for line in known}
    planned = {version.version_id: PlannedVersion(version, numbers, script_ids) for version in versions}
    order = order_of({line.name: _upstream(line, by_name) for line in by_name.values()})
    return Plan(
        scripts=[PlannedScript(by_name[name], planned) for name in order],
        forms=forms,
        extracts=extracts,
        looks_back=_looks_back(versions, numbers, extracts),
        results_look_back=_results_look_back(versions, script_ids),
        reads_facts=any(
            isinstance(declared, FactInput) for version in versions for declared in version.inputs.values()
        ),
        reads_associations=any(one.is_since_activation for one in planned.values()),
    )


def with_readers(lines: Iterable[TimeLine], name: str) -> set[str]:
    """The script of that name, and every other that reads its results or those of one that does, by name."""
    reads = _reads(lines)
    found: set[str] = set()
    more = {name}
    while more:
        found |= more
        more = {reader for reader, read in reads.items() if read & more} - found
    return found


def input_codes(names: Collection[str]) -> dict[str, set[int]]:
    """The ids of the codes whose readings make results of each script due, be it by way of scripts that it reads.

    Those of all its published versions. Raises CycleError as `plan_of` does. Two queries as long as nothing changes.
    """
    lines, codes = time_lines(), catalogue()
    reads = _reads(lines)
    return {name: set(plan_of(lines, codes, _with_read(name, reads)).extracts) for name in names}


def _with_read(name: str, reads: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    more = {name}
    while more:
        found |= more
        more = {read for each in more for read in reads.get(each, ())} - found
    return found


def _reads(lines: Iterable[TimeLine]) -> Mapping[str, set[str]]:
    return {
        line.name: {read for version in line.versions for read in scripts_read(version.inputs.values())}
        for line in lines
    }


def _readings(versions: Iterable[Published]) -> Iterator[MeasurementInput]:
    for version in versions:
        for declared in version.inputs.values():
            if isinstance(declared, MeasurementInput):
                yield declared


def _upstream(line: TimeLine, known: Collection[str]) -> set[str]:
    return {
        declared.script
        for version in line.versions
        for declared in version.inputs.values()
        if isinstance(declared, ScriptInput) and declared.script in known
    }


def _looks_back(
    versions: Sequence[Published],
    numbers: Mapping[Form, int],
    extracts: Mapping[int, Sequence[tuple[int, Extract]]],
) -> dict[int, timedelta]:
    by_form: dict[int, timedelta] = defaultdict(timedelta)
    for declared in _readings(versions):
        window = SINCE_EVER if declared.how is How.FIRST_AFTER_ACTIVATION else declared.window
        number = numbers[Form.of(declared)]
        by_form[number] = max(by_form[number], window)
    return {code_id: max(by_form[number] for number, _ in seen) for code_id, seen in extracts.items()}


def _results_look_back(versions: Sequence[Published], script_ids: Mapping[str, str]) -> dict[str, timedelta]:
    found: dict[str, timedelta] = defaultdict(timedelta)
    for version in versions:
        for declared in version.inputs.values():
            if isinstance(declared, ScriptInput) and declared.script in script_ids:
                script_id = script_ids[declared.script]
                found[script_id] = max(found[script_id], declared.window)
    return dict(found)


_kept: tuple[list[TimeLine], Catalogue, Plan] | None = None


def current_plan() -> Plan:
    """The plan for what is published now. Two queries as long as nothing has changed since this process made it last."""
    global _kept  # noqa: PLW0603 - a copy for the whole process is the purpose
    lines, codes = time_lines(), catalogue()
    kept = _kept
    if kept is None or kept[0] is not lines or kept[1] is not codes:
        _kept = kept = (lines, codes, plan_of(lines, codes))
    return kept[2]
