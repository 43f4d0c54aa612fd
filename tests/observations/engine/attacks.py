"""Sources written to hang, crash, fill or leave the engine, and the inputs they are run with."""

from collections.abc import Iterator, Mapping

from observations.engine import Input

INPUTS: Mapping[str, Input] = {
    "x": 3,
    "y": 2.5,
    "t": "t" * 200,
    "b": True,
    "none": None,
    "xs": [float(number) for number in range(1000)],
    "ts": ["t" * 200] * 1000,
    "r": {f"f{number}": number for number in range(100)},
    "rs": [{"value": number, "none": None} for number in range(1000)],
}

ATOMS = ("x", "1", "[1]", '{"a": 1}', '"a"', "None", "True", "xs", "t", "zzz", "")
BRACKETS = (
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ("max(", ")"),
    ("[x for x in ", "]"),
    ('{"a": ', "}"),
    ("x[", "]"),
)
OPENERS = (
    "-",
    "+",
    "~",
    "not ",
    "lambda: ",
    "lambda x: ",
    "await ",
    "*",
    "**",
    "1 if x else ",
    "x and ",
    "x ** ",
    "x + ",
)
OPENERS_LATER = (
    "x.",
    "x, ",
    "x = ",
    "x := ",
    "x < ",
    "x is ",
    "x in ",
    "f'{",
    "yield ",
    "if x: ",
    "if x:\n ",
    "else:\n",
    "x[0]",
)
STATEMENTS = (
    "x = 1\n",
    "x = zzz\n",
    "xx = x\n",
    "if b:\n    x = 1\n",
    "if b:\n    x = 1\nelse:\n    x = 2\n",
    "_ = 1\n",
    "é = 1\n",
    '"a" "b"\n',
    "# comment\n",
    "x: int = 1\n",
    "x = y = z = 1\n",
    "import os\n",
    "for i in x: pass\n",
    "with x as y: pass\n",
    "print x\n",
    "match x:\n case _: x = 1\n",
    "\t \n",
    "\\\n",
    "\x0c",
    "\r",
    ";",
    "x = 'µ' == 'µ'\n",
)
TEXTS = (
    '"',
    "'",
    '"""',
    "'''",
    "'a' ",
    "'a'",
    "rb'a'",
    "f'{x}'",
    "f'{f'{x}'}'",
    "'\\N{DIGIT ONE}'",
    "b",
    "0",
    "9",
    "1_",
    ".",
    "e",
    "1e",
    "0x",
    "1.",
)
ODD = ("\x00", "\ufeff", "\u202e", "\ud800", "\U000e0001", "\u2028", "\u00a0", "\u0300", "ﬁ", "𝒙", "ｘ")  # noqa: RUF001

ESCAPES = (
    "result = ().__class__.__bases__[0].__subclasses__()",
    "result = x.__class__.__mro__",
    "result = r.__class__",
    "result = r.keys()",
    "result = r.items",
    "result = t.format(x)",
    "result = '{0.__class__}'.format(x)",
    "result = '%s' % x",
    "result = xs.append(1)",
    "result = max.__globals__",
    "result = max.__self__",
    "result = (lambda: 1).__code__",
    "result = [c for c in ().__class__.__base__.__subclasses__()]",
    "result = __import__('os').system('true')",
    "result = __builtins__",
    "result = eval('1')",
    "result = exec('1')",
    "result = compile('1', '', 'eval')",
    "result = open('/etc/passwd')",
    "result = globals()",
    "result = getattr(x, 'real')",
    "result = vars()",
    "result = x.real",
    "result = y.hex",
    "result = t.upper",
    "result = xs.sort",
    "result = b.imag",
    "result = [].__len__",
    "result = ｇｅｔａｔｔｒ(x, 'real')",  # noqa: RUF001
    "result = x.__ｃｌａｓｓ__",  # noqa: RUF001
    "result = x.𝓇eal",  # noqa: RUF001
    "result = f'{x.__class__}'",
    "result = (yield)",
    "result = [x async for x in xs]",
    "from __future__ import annotations\nresult = 1",
    "# -*- coding: utf-7 -*-\nresult = 1 +AAo-import os",
    "# coding: rot13\nerfhyg = 1",
)
BOMBS = (
    "result = 10 ** 10 ** 10",
    "result = 9 ** 9 ** 9 ** 9",
    "result = x ** 99999999",
    "result = 1 ** 999999999999999",
    "result = (0 - 1) ** 999999999999999",
    "result = x ** x ** x ** x ** x ** x",
    "result = 2 ** 1e14",
    "result = 999999999999999 * 999999999999999 * 999999999999999",
    "x = 999999999\n" + "x = x * x\n" * 1000 + "result = x",
    "result = 't' * 1000000000",
    "result = t * 1000000000",
    "result = t + t + t + t",
    "result = [1] * 1000000000",
    "result = xs * 1000000",
    "result = xs + xs",
    "a = [xs, xs]\nb = [a, a]\nresult = 1",
    "a = [1, 1]\n" + "a = [a, a]\n" * 1000 + "result = a == a",
    "result = [i for i in [j for j in [k for k in xs]]]",
    "result = len([i for i in xs for j in xs for k in xs])",
    "result = len([sum([j for j in xs]) for i in xs])",
    "result = len([sum(xs) for i in xs])",
    "result = len([stdev(xs) for i in xs])",
    "result = len([median(xs) for i in xs if i in xs])",
    "result = len([max(xs) for i in xs if 1e14 in xs or 1e13 in xs])",
    "result = len([t for i in xs])\n" * 700,
    "a = [t for i in xs]\n" * 9 + "result = 1",
    "result = len([{" + ", ".join(f'"f{number}": i' for number in range(100)) + "} for i in xs])",
    "result = len([[" + "1, " * 1000 + "] for i in xs])",
    "result = len([sum([" + "1, " * 1000 + "]) for i in xs])",
    "result = len([max(" + "i, " * 999 + "1) for i in xs])",
    "result = len([band(i, [" + ", ".join(map(str, range(999))) + "], [" + "1, " * 1000 + "]) for i in xs])",
    "result = len([i for i in xs" + " if i > 1" * 1500 + "])",
    "result = len([i for i in xs if " + "i > 1 and " * 1500 + "b])",
    "result = len([i for i in xs if not (" + "b and " * 1500 + "b)])",
    "result = len([i for i in rs if i.none is None and i.value in xs])",
    "result = len([" + "1 + i" * 2000 + " for i in xs])",
    "result = stdev(xs)\n" * 1000,
    "result = median(xs)\n" * 1000,
    "result = 0.5 in xs\n" * 1000,
    "result = ts[0] in ts\n" * 1000,
    "result = ts[0] not in ts\n" * 1000,
    "result = len(ts)\n" * 1100,
    "result = exp(exp(exp(exp(exp(1)))))",
    "result = round(x, 99999999999)",
    "result = round(x, -99999999999)",
    "result = '" + "a" * 19_900 + "'",
    "result = " + "9" * 19_900,
    "result = 0x" + "f" * 19_900,
    "result = 1e" + "9" * 19_900,
    "result = 0." + "9" * 19_900,
    "result = " + "a" * 19_900,
    "".join(f"name_{number} = 1\n" for number in range(1200)) + "result = nam_e",
    "".join(f"long_name_that_is_near_{number} = long_name_that_is_nea_{number}\n" for number in range(300)),
    "if b:\n    y = 1\n" + "elif b:\n    y = 1\n" * 950 + "result = 1",
    "if b:\n" + "".join(" " * level + "if b:\n" for level in range(1, 140)) + " " * 140 + "result = 1",
    "".join(f"{' ' * level}if b:\n" for level in range(99)) + " " * 99 + "result = 1",
    "".join(f"n{number} = 1\n" for number in range(1100))
    + "if b:\n    y = 1\n"
    + "elif b:\n    y = 1\n" * 400
    + "result = 1",
    "".join(f"n{number} = 1\n" for number in range(1100)) + "y = [i for i in xs]\n" * 400 + "result = 1",
    "if b:\n"
    + "".join(f" n{number} = 1\n" for number in range(800))
    + "elif b:\n n1 = 1\n" * 500
    + "else:\n n1 = 1\nresult = n1",
    "".join(f"if b:\n n{number} = 1\nelse:\n n{number} = 2\n" for number in range(550)) + "result = n1",
    "x" + "=x" * 9000,
    "".join(f"v{number} = {{'a': [1, {{}}]}}\n" for number in range(700)),
    "(" * 19_000,
    ")" * 19_000,
    "[" * 60 + "]" * 59,
    "result = 'é' == 'é' or " * 700 + "b",
)


def repeated() -> Iterator[str]:
    for opening, closing in BRACKETS:
        for atom in ATOMS:
            for depth in (59, 60, 61, 1000):
                yield f"result = {opening * depth}{atom}{closing * depth}"[:20_000]
            yield f"result = {opening * 60}{atom}"
            yield f"result = {atom}{closing * 60}"
    for opener in OPENERS + OPENERS_LATER:
        for count in (59, 1000):
            yield f"result = {opener * count}x"[:20_000]
        yield (opener * 20_000)[:20_000]
    for statement in STATEMENTS + TEXTS + ODD:
        yield (statement * 20_000)[:20_000]
        yield f"result = {(statement * 20_000)[:19_900]}"
        yield f"{(statement * 20_000)[:19_900]}\nresult = 1"


ATTACKS = (*ESCAPES, *BOMBS, *repeated())
