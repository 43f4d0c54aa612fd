"""Comparing what came out with what had to: what is lost, what was done twice, what differs."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from tests.faults.expectation import Link, State, expected_state
from tests.faults.histories import Fact, Statement, World, client_id_of
from tests.faults.outcome import Found
from tests.observations.reference import Expected


@dataclass(frozen=True)
class Put:
    """What was put in and accepted: facts, and jobs of the suite's own kinds; `deadly` ones are not to succeed."""

    world: World
    facts: Collection[Fact]
    jobs: Collection[str] = ()
    deadly: Collection[str] = ()


@dataclass(frozen=True)
class Verdict:
    """Counts, and what they consist of. All zero is what is required."""

    lost: dict[str, int]
    doubled: dict[str, int]
    differs: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """Whether nothing is lost, doubled or different."""
        return not any(sum(counts.values()) for counts in (self.lost, self.doubled, self.differs))


def judge(put: Put, found: Found) -> Verdict:
    """Compare all that the organisation has with the fold of the accepted facts."""
    expected = expected_state(put.facts, put.world)
    return Verdict(_lost(put, expected, found), _doubled(found), _differing(expected, found.state))


def _lost(put: Put, expected: State, found: Found) -> dict[str, int]:
    statements = {client_id_of(fact) for fact in put.facts if isinstance(fact, Statement)}
    readings = {client_id_of(fact) for fact in put.facts if not isinstance(fact, Statement)}
    stored, covered = dict(found.statements), dict(found.state.covered_by)
    slots = {(patient, time) for patient, time, _ in found.state.observations}
    succeeded = {identifier for identifier, state, _, _ in found.jobs if state == "succeeded"}
    jobs = {identifier for identifier, *_ in found.jobs} | set(put.jobs)
    return {
        "statements not stored": len(statements - stored.keys()),
        "statements not fulfilled": sum(not fulfilled for fulfilled in stored.values()),
        "measurements not stored": len(readings - covered.keys()),
        "measurements that do not count": sum(
            link is not None and covered.get(client_id) is None for client_id, link in expected.covered_by
        ),
        "observations missing": sum(
            (patient, time) not in slots for patient, time, _ in expected.observations
        ),
        "jobs without their success": len(jobs - succeeded - set(put.deadly)),
    }


def _doubled(found: Found) -> dict[str, int]:
    state = found.state
    return {
        "statements": _repeated(client_id for client_id, _ in found.statements),
        "measurements": _repeated(client_id for client_id, _ in state.covered_by),
        "associations": _repeated(link[:3] for link in state.links),
        "overlapping associations": _overlapping(state.links),
        "current observations": _repeated((patient, time) for patient, time, _ in state.observations),
        "successes of a job": sum(max(successes - 1, 0) for _, _, successes, _ in found.jobs),
        "effects of a job": sum(max(effects - 1, 0) for _, _, _, effects in found.jobs),
    }


def _repeated(items: Iterable[Hashable]) -> int:
    return sum(count - 1 for count in Counter(items).values())


def _overlapping(links: Sequence[Link]) -> int:
    return sum(
        one[:2] == other[:2] and _reaches(one, other) and _reaches(other, one)
        for one, other in combinations(set(links), 2)
    )


def _reaches(one: Link, other: Link) -> bool:
    """Whether one has begun when the other ends."""
    return other[3] is None or one[2] < other[3]


def _differing(expected: State, actual: State) -> dict[str, int]:
    return {
        "associations": _differences(expected.links, actual.links),
        "measurements": _differences(expected.covered_by, actual.covered_by),
        "observations": _differences(
            map(_rounded, expected.observations), map(_rounded, actual.observations)
        ),
    }


def _differences(expected: Iterable[Any], actual: Iterable[Any]) -> int:
    return len(set(expected) ^ set(actual))


def _rounded(row: tuple[Any, Any, Expected]) -> tuple[Any, ...]:
    patient, time, what = row
    return patient, time, what.derived_from, round(what.mean, 9), round(what.in_range, 9)
