"""docs/scripts-library.md as the library has it. With UPDATE_LIBRARY_PAGE=1 the test of it writes the page."""

from collections.abc import Iterator
from datetime import timedelta

from observations.catalogue import preload, preload_scores
from observations.scripts.declarations import (
    INTERPRETATIONS,
    DeclaredInput,
    DeclaredOutput,
    FactInput,
    How,
    MeasurementInput,
    Missing,
    OutputKind,
    declared_inputs,
    declared_outputs,
)
from observations.scripts.library import LIBRARY, LibraryScript

_INTRODUCTION = """\
# The library of published scores

Every installation can have these scripts. They are ordinary scripts with ordinary versions: seen, compared, pinned, withdrawn and
replaced in the admin as any other. Each passes its own test cases, at the edges of every band of its publication, before it is put
in force.

    manage.py load_scripts                  installs what is new or changed
    manage.py load_scripts bmi bmi-class    only these
    manage.py load_scripts --dry-run        goes through all of it, and stores nothing
    manage.py load_scripts --list           titles, sources and licences

It says what became of each script: new, updated, unchanged or withheld. A new text of the library becomes a new version, in force
since ever, as the first one. Where something else was decided here, be it a version of your own, a roll-back or a withdrawal, that
stands: the library leaves a draft and says 'withheld'. Once somebody has proposed that draft and somebody else has published it,
later texts of the library are published again.

Where nothing can be computed, the reason names the input and what is lacking of it, as in 'no value for
weights_of_the_3_days_before': there are weights, but none of those days.

What is computed is as good as what was measured, and no substitute for looking at the patient. 'Normal' says that no limit named
here is passed, nothing more. The limits are those of the sources, for adults; where a source names none, there is none. What is
said of licences is what is publicly known, and no legal advice.

The codes are explained in [the catalogue](catalogue.md), the language in [its own page](script-language.md).
"""
_NAMES = {
    code: display
    for _, code, display, *_ in [
        *preload.VITAL_SIGNS,
        preload.BLOOD_PRESSURE,
        preload.PHQ_9,
        *preload_scores.MEASURED,
        preload_scores.CAT,
    ]
}


def page() -> str:
    """The whole page."""
    overview = [
        "| script | gives | interpretation |",
        "|---|---|---|",
        *(f"| [{one.name}](#{one.name}) | {one.title} | {_interprets(one)} |" for one in LIBRARY),
    ]
    return "\n".join(
        [_INTRODUCTION, *overview, *(line for script in LIBRARY for line in _section(script)), ""]
    )


def _interprets(script: LibraryScript) -> str:
    return ", ".join(_interpretations(script)) or "none"


def _interpretations(script: LibraryScript) -> list[str]:
    given = {case.get("expected", {}).get("interpretation") for case in script.test_cases}
    return [word for word in INTERPRETATIONS if word in given]


def _section(script: LibraryScript) -> Iterator[str]:
    yield from (
        "",
        f"## {script.name}",
        f"{script.title}. {script.summary}",
        "",
        "| input | reads |",
        "|---|---|",
    )
    for name, declared in declared_inputs(script.inputs).items():
        yield f"| `{name}` | {_reads(declared)} |"
    yield from ("", "| output | code | what |", "|---|---|---|")
    for name, output in declared_outputs(script.outputs).items():
        yield f"| `{name}` | {output.code} | {_gives(output, script)} |"
    yield from (
        "",
        f"- **Filed under**: {script.code}",
        f"- **Interpretation**: {script.interpretation or 'none.'}",
        f"- **Source**: {script.source_reference}",
        f"- **Licence**: {script.licence}",
        f"- **Test cases**: {len(script.test_cases)}",
    )


def _reads(declared: DeclaredInput) -> str:
    if isinstance(declared, FactInput):
        what = f"the fact '{declared.fact}'"
    elif isinstance(declared, MeasurementInput):
        what = f"{_how_many(declared.how)} {declared.code} ({_NAMES[declared.code]}) within {_span(declared.window)}"
        if declared.stale_after_seconds:
            what += f", stale after {_span(timedelta(seconds=declared.stale_after_seconds))}"
        if declared.take:
            what += ", what its answers count"
    else:
        what = f"{_how_many(declared.how)} result of {declared.script} within {_span(declared.window)}"
    return what + _where_missing(declared)


def _how_many(how: How) -> str:
    return "the newest" if how is How.LATEST else "every"


def _span(window: timedelta) -> str:
    hours = int(window.total_seconds() // 3600)
    return f"{hours} hours" if hours % 24 or hours < 48 else f"{hours // 24} days"


def _where_missing(declared: DeclaredInput) -> str:
    if declared.missing is Missing.DEFAULT:
        return f"; {declared.default} where there is none"
    return "; need not be known" if declared.missing is Missing.NONE else ""


def _gives(output: DeclaredOutput, script: LibraryScript) -> str:
    if output.kind is OutputKind.INTERPRETATION:
        return f"one of {', '.join(_interpretations(script))}"
    if output.kind is OutputKind.CODED:
        return f"one of {', '.join(output.answers)}"
    if output.kind is OutputKind.BOOLEAN:
        return "true or false"
    return "a number" if output.unit in {"1", "{score}"} else f"a number, in {output.unit}"
