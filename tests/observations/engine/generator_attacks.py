"""Attacks on the making of code: what is dense, long or deep there, and names and inputs that mean something to Python."""

import builtins
import keyword
import math
from collections.abc import Mapping

from observations.engine import Input

SIZE = 20_000


def dense(statement: str, last: str = "result = 1") -> str:
    """As many of a statement as a source holds."""
    return statement * ((SIZE - len(last)) // len(statement)) + last


PYTHON_WORDS = (
    *(
        "print",
        "tuple",
        "list",
        "type",
        "object",
        "exec",
        "eval",
        "compile",
        "open",
        "match",
        "case",
        "str",
        "globals",
    ),
    *("f", "k1", "v1", "v2", "run", "spend", "present", "applied", "part", "self", "builtins"),
)
NAMED = "".join(f"{word} = {number}\n" for number, word in enumerate(PYTHON_WORDS))
DENSE = tuple(
    map(
        dense,
        (
            *("a=x*y\n", "a=x*y*x\n", "a=x**y\n", "a=-x\n", "a=x\n", "a=x==y\n", "a=x<y\n", "a=x*r.f1\n"),
            *("a=xs[0]\n", "a=rs[0].value\n", "a=r.f1 is None\n", "a=abs(x)\n", "a=1 in xs\n", "a=not b\n"),
            *("a=[x]\n", "a={}\n", "a=[]\n", "a=x if b else y\n", "a=[x for i in xs if b]\n", "a='t'\n"),
            *(
                "if b:a=x\n",
                "if b:\n a=x\nelse:\n a=y\n",
                "a=band(x,[1],[1,2])\n",
                "a={'a':x}\n",
                "a=sum(xs)\n",
            ),
        ),
    )
)
LONG = (
    "if b:a=1\n" + "elif b:a=1\n" * 1810 + "result = 1",
    "result = " + "b and " * 3300 + "b",
    "result = " + " and ".join(["x<y"] * 2200),
    "result = 1 if " + " or ".join(["r.f1 is None"] * 1200) + " else 2",
    "a = [" + "x," * 999 + "1]\n" + ("b = [" + "x," * 999 + "1]\n") * 8 + "result = 1",
    "a = [" + "r.f1," * 999 + "1]\nresult = 1",
    "result = {" + ",".join(f'"f{number}": t' for number in range(100)) + "}",
    "a = [{" + ",".join(f'"f{number}": t' for number in range(100)) + "} for i in [1, 2, 3]]\nresult = 1",
    "".join(f"n{number} = x\n" for number in range(1000)) + "result = n999",
    "".join(f"n{number} = {number}.{number}\n" for number in range(1000)) + "result = n999",
    "result = band(x, ["
    + ",".join(map(str, range(1, 1000)))
    + "], ["
    + ",".join(map(str, range(1000)))
    + "])",
    "result = [i for i in xs if i in xs and i in xs and i in xs and i in xs and i in xs]",
    "a = [[i for i in xs] for i in xs]\nresult = 1",
    ("a = [i * i + i for i in xs]\n") * 5 + "result = sum(a)",
    "result = 1 #" + "x" * (SIZE - 12),
    "x = 1\n" * 175_000,
    "#" * 1_048_576,
    '"' + "t" * 1_048_576 + '"',
)
DEEP = (
    "result = " + "x if b else " * 58 + "x",
    "result = " + "(x if " * 57 + "b" + " else x)" * 57,
    "result = " + "x[" * 58 + "x" + "]" * 58,
    "result = " + "max(1, " * 58 + "x" + ")" * 58,
    "result = " + "x ** (" * 57 + "x" + ")" * 57,
    "result = " + "r.f1" + ".f1" * 57,
    "result = " + "(b or not " * 29 + "b" + ")" * 29,
    "".join(f"{' ' * level}if b:\n" for level in range(58)) + " " * 58 + "a = 1\nresult = 1",
    "".join(f"{' ' * level}if b:\n" for level in range(40)) + " " * 40 + "a = " + "-" * 18 + "x\nresult = 1",
)
KEYWORDS = tuple(f"{word} = 1\nresult = {word}" for word in (*keyword.kwlist, *dir(builtins)))
GENERATOR = (*KEYWORDS, NAMED + "result = v1", f"result = {' + '.join(PYTHON_WORDS)}", *DENSE, *LONG, *DEEP)

ODD_INPUTS: tuple[Mapping[str, Input], ...] = (
    {"x": math.nan},
    {"x": math.inf},
    {"x": -math.inf},
    {"x": 10**4000},
    {"xs": [math.nan] * 1000},
    {"xs": [1.0] * 1001},
    {"xs": range(10**9)},
    {"r": {f"f{number}": math.inf for number in range(100)}},
    {"r": {f"f{number}": 1 for number in range(10**5)}},
    {"t": "t" * 1_048_576},
    {"ts": ["t" * 1_048_576] * 1000},
    {"rs": [{"value": math.nan}] * 1000},
)
