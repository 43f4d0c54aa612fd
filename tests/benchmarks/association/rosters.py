"""Rosters of a million patients through web and workers, beside a plain COPY of what they write."""

from collections.abc import Sequence
from statistics import median

from tqdm import tqdm

from tests.benchmarks.association import sizes, together
from tests.benchmarks.association.steps import Round, Steps
from tests.benchmarks.engine import running
from tests.benchmarks.memory import Growth, children_that_run
from tests.benchmarks.results import Metric, measured, percentile

_DATABASE = "benchmark_rosters"


def run() -> list[Metric]:
    """Rosters: seconds from the first byte of the HTTP request (NDJSON) until all 1,000,000 are linked, through the web and worker
    processes that `make run` starts, without its scheduler; of patients that are not known yet, and of known ones. Beside it a
    COPY, in one transaction by the tables' owner, of the very rows that the engine wrote (patients where they are new, statements,
    associations), in their order, into the same tables under the same constraints, indexes and triggers. Then the same roster
    again; the same with one patient in a hundred replaced by an unknown one (beside both: COPY of the list into a temporary table
    and an anti-join, over the COPY of the rows); and one that names none of them, confirmed at once, beside one UPDATE of as many
    associations, and beside that with a COPY of the statements which say so. Tables are vacuumed and a checkpoint is made before
    each step, but for the roster that comes again. Medians of the rounds' own ratios. Growth: MB by which all web processes
    together, and all worker processes, grew at their peaks from when they had handled some small rosters until the end of all
    rounds.

    One more patient of the same submitter: milliseconds of a link as above ('One patient'), by a process of its own, each 20 ms,
    from when the roster of 1,000,000 was accepted until it was applied; beside it the INSERT of an association. Deadlocks: what
    PostgreSQL counted while rosters, overlapping batches and single calls, of the same patients, came at once through the API.
    """
    with running(_DATABASE, {"web", "worker", "reruns"}) as engine:
        steps = Steps(engine)
        steps.warm_up()
        web, workers = Growth(children_that_run("gunicorn")), Growth(children_that_run("celery"))
        rounds = [steps.round() for _ in tqdm(range(sizes.ROSTER_ROUNDS), desc="rosters", mininterval=1)]
        grown = web.megabytes(), workers.megabytes()
        links, inserts = steps.links_beside()
        together.everything_at_once(engine)
    return [
        *_against_copy(rounds),
        *_again(rounds),
        *_unlinking(rounds),
        measured("roster, growth of the web processes", grown[0]),
        measured("roster, growth of the worker processes", grown[1]),
        *(
            measured(
                f"link another patient while a roster is applied, p{share}",
                percentile(links, share / 100),
                percentile(inserts, share / 100),
            )
            for share in (50, 99)
        ),
        measured("deadlocks of overlapping batches, rosters and single calls", together.deadlocks(_DATABASE)),
    ]


def _against_copy(rounds: Sequence[Round]) -> list[Metric]:
    metrics = []
    for what in ("known", "unknown"):
        ours = [getattr(one, what) for one in rounds]
        raw = [getattr(one, f"{what}_copied") for one in rounds]
        name = f"roster of 1,000,000 {what} patients"
        metrics += [
            measured(f"{name}, first byte -> all linked", median(ours), median(raw)),
            measured(f"{name}, speed / COPY of what it writes", _ratio(raw, ours)),
        ]
    return metrics


def _again(rounds: Sequence[Round]) -> list[Metric]:
    first = [one.known for one in rounds]
    by_hand = _ratio([one.again_by_hand for one in rounds], [one.known_copied for one in rounds])
    return [
        measured(name, _ratio(times, first), by_hand)
        for name, times in (
            ("the same roster again, time / the first time", [one.again for one in rounds]),
            ("a roster with 1 % changed, time / the first time", [one.changed for one in rounds]),
        )
    ]


def _unlinking(rounds: Sequence[Round]) -> list[Metric]:
    ours = [one.unlinked for one in rounds]
    updated = [one.updated for one in rounds]
    both = [one.updated + one.unlinkings_copied for one in rounds]
    name = "unlinking 1,000,000 by a roster"
    return [
        measured(f"{name}, first byte -> all unlinked", median(ours), median(updated)),
        measured(f"{name}, speed / UPDATE of as many", _ratio(updated, ours)),
        measured(f"{name}, speed / UPDATE and COPY of the statements", _ratio(both, ours)),
    ]


def _ratio(figures: Sequence[float], references: Sequence[float]) -> float:
    # Round by round: what else the machine does changes from minute to minute, and less within one.
    return median(figure / reference for figure, reference in zip(figures, references, strict=True))
