"""Running the command as a person does, and which folders of diaries there are to run it on."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

SMALL = Path(__file__).parent / "data"
REAL = Path(__file__).parents[4] / "shared" / "data" / "diabetes"
# The real diaries lie beside the repository on some machines; the same tests run on those that are there.
FOLDERS = [folder for folder in (SMALL, REAL) if folder.is_dir()]


def run(folder: Path = SMALL, **options: object) -> str:
    """Import a folder and give what was printed."""
    printed = StringIO()
    call_command("import_diabetes", str(folder), stdout=printed, stderr=StringIO(), **options)
    return printed.getvalue()


def counts(printed: str) -> dict[str, int]:
    """The rows of the printed table: words to number."""
    rows = {}
    for line in printed.split("\n\n", maxsplit=1)[0].splitlines():
        words, number = line[:32].strip(), line[32:42].strip()
        rows[words] = int(number.replace(",", ""))
    return rows


def diary(folder: Path, *lines: str, name: str = "data-01") -> Path:
    """Write a diary of these lines, blanks standing for tabs, into a folder; gives the folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(line.replace(" ", "\t") + "\n" for line in lines))
    return folder
