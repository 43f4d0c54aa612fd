"""Scripts broken at random: whatever an author types, only the three exceptions of the engine may come out.

`python -m tests.observations.engine.mutations 1000000` runs a million of them on all cores (ENGINE_MUTATION_SEED: the same again).
"""

import os
import random
import re
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

from tqdm import tqdm

from observations.engine import Input, NotComputable, ScriptFailed, ScriptRefused, compile_script
from tests.observations.engine.news2 import NORMAL, SOURCE

BATCH = 1_000

GLUCOSE = """\
low = 70
in_range = [g.value for g in glucose if g.value >= low and g.value <= 180 and g.site is not None]
share = len(in_range) / len(glucose)
spread = stdev([g.value for g in glucose]) / mean([g.value for g in glucose])
late = glucose[-1].value
if glucose is None or len(glucose) < 3:
    result = None
elif not (share > 0.7 or late in [70, 180]):
    result = {"share": round(share, 3), "spread": spread, "verdict": "poor"}
else:
    result = {"share": share, "spread": sqrt(abs(-spread ** 2)) % 7, "verdict": "good" if late < 100 else "fair"}
"""
READINGS: list[dict[str, float | str | None]] = [
    {"value": 5.1 * 18, "site": "arm"},
    {"value": 11.0 * 18, "site": None},
    {"value": 99, "site": "leg"},
]
INPUTS: dict[str, Input] = {**NORMAL, "glucose": READINGS}
ODD_VALUES: tuple[Input, ...] = (
    None,
    0,
    -1,
    1e14,
    5e-324,
    True,
    "",
    "A",
    [],
    [0],
    [1e14] * 9,
    {},
    {"value": None},
    [{}],
)
PIECES: tuple[str, ...] = (
    *" \n\t()[]{}.,:=+-*/%<>\"'#0123456789_abexé\\;@~^&|!",
    *(
        " and ",
        " or ",
        " not ",
        " in ",
        " is None",
        " if ",
        " else ",
        " for x in ",
        "\nif ",
        "\nelif ",
        "\nelse:\n",
        "    ",
    ),
    *(
        "True",
        "None",
        "1e15",
        "0.0",
        "** 9",
        "[0]",
        "[]",
        "{}",
        '"A"',
        "sum(",
        "band(",
        "glucose",
        "result = ",
        "g.value",
        ".site",
    ),
    *("lambda ", "while ", "import os", "f'{x}'", "__class__", ":=", "...", "\x00", "\u00a0", "ｘ", "\ud800"),  # noqa: RUF001
)


WORDS = tuple(
    re.compile(kind)
    for kind in (r"[a-z_]\w*", r"[0-9]+(\.[0-9]+)?", r"[<>=!]=|[<>*/%+-]|\b(and|or|if|elif|else)\b")
)


def reworded(source: str, chance: random.Random) -> str:
    """Give the source with one word in the place of another of its sort: often still a script, with another meaning."""
    words = list(chance.choice(WORDS).finditer(source))
    if not words:
        return source
    place, word = chance.choice(words), chance.choice(words)
    return source[: place.start()] + word[0] + source[place.end() :]


def cut_up(source: str, chance: random.Random) -> str:
    """Give the source with a piece cut, replaced, put in, or repeated elsewhere."""
    start = chance.randrange(len(source) + 1)
    end = min(len(source), start + chance.choice((0, 1, 1, 2, 5, 20, 80)))
    kind = chance.randrange(4)
    if kind == 0:
        return source[:start] + source[end:]
    if kind == 1:
        return source[:start] + chance.choice(PIECES) + source[end:]
    if kind == 2:
        return source[:start] + chance.choice(PIECES) + source[start:]
    target = chance.randrange(len(source) + 1)
    return source[:target] + source[start:end] * chance.choice((1, 1, 2, 40)) + source[target:]


def mutated(source: str, chance: random.Random) -> str:
    """Give the source changed in one to eight places."""
    mutate = chance.choice((cut_up, reworded))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        source = mutate(source, chance)
    return source


def outcome(source: str, inputs: dict[str, Input]) -> str:
    """Compile and run a source; the name of what came of it. Anything but the three exceptions of the engine is raised."""
    try:
        compile_script(source, INPUTS.keys()).run(inputs)
    except (ScriptRefused, ScriptFailed, NotComputable) as error:
        return type(error).__name__
    return "Result"


def run_mutants(seed: int, number: int) -> Counter[str]:
    """Run so many mutants; how often each outcome was. An unexpected exception is raised with a note of how to repeat it."""
    chance = random.Random(seed)  # noqa: S311
    outcomes: Counter[str] = Counter()
    for mutant in range(number):
        source = mutated(chance.choice((SOURCE, GLUCOSE)), chance)
        inputs = dict(INPUTS)
        if chance.random() < 0.5:
            inputs[chance.choice(list(inputs))] = chance.choice(ODD_VALUES)
        try:
            outcomes[outcome(source, inputs)] += 1
        except Exception as error:
            error.add_note(f"seed {seed}, mutant {mutant}, inputs {inputs!r}, source {source!r}")
            raise
    return outcomes


def new_seed() -> int:
    """A seed of chance, or the one that is to be repeated."""
    return int(os.environ.get("ENGINE_MUTATION_SEED") or random.randrange(10**9))  # noqa: S311


def run_many(number: int) -> Counter[str]:
    """Run so many mutants on all cores; how often each outcome was. Raises the first unexpected exception."""
    first, batches = new_seed(), -(-number // BATCH)
    with ProcessPoolExecutor() as pool:
        done = pool.map(run_mutants, range(first, first + batches), repeat(BATCH))
        return sum(tqdm(done, total=batches, desc="mutants, thousands", mininterval=1), Counter())


if __name__ == "__main__":
    print(dict(run_many(int(sys.argv[1]))))  # noqa: T201
